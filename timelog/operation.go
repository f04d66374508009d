package timelog

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/rest"
	"github.com/worktime-go/worktime/internal/transport"
)

// Paging is part of the query of every list.
type Paging struct {
	// PageSize is how many rows to ask for at once. Default 500; the vendor publishes no limit, and may send fewer.
	PageSize int `url:"-"`
	// Expand names nested objects to fill in, such as "project" in tasks.
	Expand []string `url:"-"`
	// Cursor resumes after a page that Pages gave for the same query.
	Cursor worktime.Cursor `url:"-"`
}

const pageSize = 500 // what the vendor's own importer asks for

func (p Paging) paging() Paging { return p }

// query selects the rows of a list; its fields with url tags are the parameters.
type query interface{ paging() Paging }

// checked is input that is looked at before it is sent.
type checked interface{ check() error }

// keyed is a row with a number of its own.
type keyed interface{ key() int64 }

// safe is an operation that changes nothing; its text is the method and the path, as the reference spells them.
func safe(name, operation string) rest.Op { return op(transport.Safe, name, operation) }

// idempotent is an operation that leaves the same state when it is carried out twice.
func idempotent(name, operation string) rest.Op { return op(transport.Idempotent, name, operation) }

// once is an operation that must not be carried out twice.
func once(name, operation string) rest.Op { return op(transport.Once, name, operation) }

func op(class transport.Class, name, operation string) rest.Op {
	method, path, _ := strings.Cut(operation, " ")
	return rest.Op{Name: name, Class: class, Method: method, Path: path}
}

// listOf is a list of T; args are for the names of its path.
func listOf[T any, Q query](name, path string, args ...string) rest.List[T, Q] {
	numbered := &rest.Numbered[T]{Page: "$page", Size: "$pagesize", Decode: decodeRows[T]}
	if _, ok := any(*new(T)).(keyed); ok {
		numbered.Key = func(row T) int64 {
			k, _ := any(row).(keyed)
			return k.key()
		}
	}
	return rest.List[T, Q]{
		Op: safe(name, http.MethodGet+" "+path), Args: args, Numbered: numbered,
		Cursor: func(q Q) worktime.Cursor { return q.paging().Cursor },
		Queries: func(_ *url.URL, q Q) ([]url.Values, error) {
			values, err := parameters(q)
			if err != nil {
				return nil, err
			}
			p := q.paging()
			if p.PageSize < 0 {
				return nil, badField(typeName(q)+".PageSize", "is negative")
			}
			values.Set("$pagesize", strconv.Itoa(cmp.Or(p.PageSize, pageSize)))
			if len(p.Expand) > 0 {
				values.Set("$expand", strings.Join(p.Expand, ","))
			}
			return []url.Values{values}, nil
		},
	}
}

// parameters returns those of a query, which may be nil.
func parameters(q any) (url.Values, error) {
	if c, ok := q.(checked); ok {
		if err := c.check(); err != nil {
			return nil, err
		}
	}
	values, err := rest.Values(q)
	if values == nil {
		values = url.Values{}
	}
	return values, err
}

// get reads one object.
func get[T any](ctx context.Context, c *rest.Client, op rest.Op, query any, args ...any) (T, error) {
	var out T
	err := send(ctx, c, op, query, nil, func(body []byte) error { return readOne(body, &out) }, args...)
	return out, err
}

// act carries out an operation whose answer says nothing: null, nothing at all, a string or an object.
func act(ctx context.Context, c *rest.Client, op rest.Op, body any, args ...any) error {
	return send(ctx, c, op, nil, body, valid, args...)
}

// change carries out an operation that answers with an object. What says nothing leaves it zero: the
// change was made all the same.
func change[T any](ctx context.Context, c *rest.Client, op rest.Op, body any, args ...any) (T, error) {
	var out T
	err := send(ctx, c, op, nil, body, func(answer []byte) error {
		if kind(answer) != '{' {
			return valid(answer)
		}
		return readOne(answer, &out)
	}, args...)
	return out, err
}

// Created is what TimeLog answered to the creation of an object.
type Created[K ~int64] struct {
	// ID is the key of the new object. TimeLog promises to tell it nowhere, so that it is looked for in the answer,
	// and then, where there is a way, among the objects that are like the new one, which may read a whole list. It is 0 if
	// that did not lead to exactly one, or failed; the object has been created all the same.
	ID K
	// Answer is the body as it came: mostly JSON, perhaps nothing.
	Answer []byte
}

// create carries out an operation that creates an object, whose number is called field. If the answer does
// not tell it, find looks for it; nil: there is no way.
func create[K ~int64](ctx context.Context, c *rest.Client, op rest.Op, body any, field string, find func(context.Context) int64, args ...any) (Created[K], error) {
	var created Created[K]
	err := send(ctx, c, op, nil, body, func(answer []byte) error {
		created = Created[K]{ID: K(newID(answer, field)), Answer: bytes.Clone(answer)}
		return valid(answer)
	}, args...)
	if err == nil && created.ID == 0 && find != nil {
		created.ID = K(find(ctx))
	}
	return created, err
}

// send carries out an operation; args replace the names of its path and are keys or texts.
func send(ctx context.Context, c *rest.Client, op rest.Op, query, body any, read func(answer []byte) error, args ...any) error {
	segments, err := segments(op.Path, args)
	if err != nil {
		return err
	}
	values, err := parameters(query)
	if err != nil {
		return err
	}
	if b, ok := body.(checked); ok {
		if err := b.check(); err != nil {
			return err
		}
	}
	return c.Send(ctx, op, values, body, func(a rest.Answer) error {
		answer := bytes.TrimSpace(a.Body)
		if len(answer) == 0 {
			return read(answer)
		}
		if err := rest.CheckJSON(a); err != nil {
			return err // proxies answer with pages of their own
		}
		if bytes.Contains(answer, []byte(`"Code"`)) { // few answers are worth a closer look
			if f, ok := readFailure(answer); ok {
				return fmt.Errorf("the answer is an error, under a status that says success: %.200s", f.Message)
			}
		}
		return read(answer)
	}, segments...)
}

// valid accepts every answer that is JSON, or nothing at all.
func valid(answer []byte) error {
	if len(answer) > 0 && !json.Valid(answer) {
		return errors.New("the answer is not JSON")
	}
	return nil
}

// segments checks the arguments of a path by the kind of the key.
func segments(path string, args []any) ([]string, error) {
	var texts []string
	for _, arg := range args {
		_, after, _ := strings.Cut(path, "{")
		field, following, _ := strings.Cut(after, "}")
		path = following
		switch v := reflect.ValueOf(arg); {
		case v.CanInt():
			if err := checkID(field, v.Int()); err != nil {
				return nil, err
			}
			texts = append(texts, strconv.FormatInt(v.Int(), 10))
		case strings.HasSuffix(v.Type().Name(), "GUID"):
			if err := checkGUID(field, v.String()); err != nil {
				return nil, err
			}
			texts = append(texts, v.String())
		default:
			if err := checkText(field, v.String()); err != nil {
				return nil, err
			}
			texts = append(texts, v.String())
		}
	}
	return texts, nil
}

// typeName is the name of a value's type, for errors.
func typeName(v any) string { return reflect.TypeOf(v).Name() }

// lookUp is the number of the one row that matches; 0 if there are several or none, or not all could be read.
func lookUp[T keyed](rows iter.Seq2[T, error], match func(T) bool) int64 {
	var found int64
	for row, err := range rows {
		switch {
		case err != nil:
			return 0
		case !match(row):
		case found != 0:
			return 0
		default:
			found = row.key()
		}
	}
	return found
}
