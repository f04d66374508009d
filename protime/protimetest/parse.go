package protimetest

import (
	"fmt"
	"strconv"
	"strings"
)

// This is the vendor's grammar of filters, as
// https://documentation.myprotime.eu/protimeapi/reference/filtering/ gives it:
//
//	expression       = term { "or" term }
//	term             = condition { "and" condition }
//	condition        = simple-condition | "(" expression ")"
//	simple-condition = identifier rel-op factor
//	rel-op           = "eq" | "ge" | "le" | "in"
//	factor           = constant | list
//	constant         = integer | string | bool
//	list             = [identifier] "(" constant { "," constant } ")"
//
// What it leaves open is read as narrowly as the vendor's samples allow: words stand between blanks, a string cannot
// hold a quote, and identifiers are kebab-case.

// node is an expression: "and" or "or" over its operands, or else a comparison of a field.
type node struct {
	op        string // "and", "or", "eq", "ge", "le" or "in"
	operands  []*node
	field     string
	list      bool
	group     string // the identifier before a list; "" if there is none
	constants []constant
}

// constant is an int64, a string or a bool.
type constant any

type tokenKind string

const (
	word    tokenKind = "word"
	integer tokenKind = "integer"
	text    tokenKind = "string"
	symbol  tokenKind = "symbol"
	end     tokenKind = "end"
)

type token struct {
	kind   tokenKind
	text   string // of a string: without its quotes
	at     int    // offset in the filter
	spaced bool   // a blank or the beginning is before it
}

// maxDepth limits how deep parentheses may be nested.
const maxDepth = 100

// parser holds the rest of a filter, of which the next token has been read.
type parser struct {
	input string
	pos   int
	tok   token
	depth int
}

// parseFilter reads an expression.
func parseFilter(input string) (*node, error) {
	p := &parser{input: input}
	if err := p.advance(); err != nil {
		return nil, err
	}
	n, err := p.operation("or", func() (*node, error) { return p.operation("and", p.condition) })
	if err == nil && p.tok.kind != end {
		err = p.unexpected("'and', 'or' or the end")
	}
	return n, err
}

func (p *parser) unexpected(wanted string) error {
	found := "the end"
	if p.tok.kind != end {
		found = fmt.Sprintf("'%s'", p.tok.text)
	}
	return reason("The filter is invalid at position %d: %s where %s is expected", p.tok.at, found, wanted)
}

// is reports whether the next token is this word or symbol.
func (p *parser) is(kind tokenKind, text string) bool {
	return p.tok.kind == kind && p.tok.text == text
}

// skip reads on if the next token is this symbol, else it is an error.
func (p *parser) skip(symbolText string) error {
	if !p.is(symbol, symbolText) {
		return p.unexpected("'" + symbolText + "'")
	}
	return p.advance()
}

// operator reads on after a word that must stand between blanks.
func (p *parser) operator() error {
	if !p.tok.spaced {
		return p.unexpected("a blank")
	}
	if err := p.advance(); err != nil {
		return err
	}
	if !p.tok.spaced {
		return p.unexpected("a blank")
	}
	return nil
}

// operation reads operands that are joined by op.
func (p *parser) operation(op string, operand func() (*node, error)) (*node, error) {
	first, err := operand()
	if err != nil || !p.is(word, op) {
		return first, err
	}
	n := &node{op: op, operands: []*node{first}}
	for p.is(word, op) {
		if err := p.operator(); err != nil {
			return nil, err
		}
		next, err := operand()
		if err != nil {
			return nil, err
		}
		n.operands = append(n.operands, next)
	}
	return n, nil
}

func (p *parser) condition() (*node, error) {
	if !p.is(symbol, "(") {
		return p.comparison()
	}
	if p.depth++; p.depth > maxDepth {
		return nil, p.unexpected("less nesting")
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	n, err := p.operation("or", func() (*node, error) { return p.operation("and", p.condition) })
	if err != nil {
		return nil, err
	}
	p.depth--
	return n, p.skip(")")
}

func (p *parser) comparison() (*node, error) {
	if p.tok.kind != word || keyword(p.tok.text) {
		return nil, p.unexpected("the name of a field")
	}
	n := &node{field: p.tok.text}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if n.op = p.tok.text; p.tok.kind != word || n.op != "eq" && n.op != "ge" && n.op != "le" && n.op != "in" {
		return nil, p.unexpected("'eq', 'ge', 'le' or 'in'")
	}
	if err := p.operator(); err != nil {
		return nil, err
	}
	return n, p.factor(n)
}

// factor reads a constant or a list into n.
func (p *parser) factor(n *node) error {
	if p.tok.kind == word && !keyword(p.tok.text) {
		n.group = p.tok.text
		if err := p.advance(); err != nil {
			return err
		}
		if !p.is(symbol, "(") {
			return p.unexpected("'('")
		}
	}
	if n.list = p.is(symbol, "("); !n.list {
		return p.constant(n)
	}
	for ok := true; ok; ok = p.is(symbol, ",") {
		if err := p.advance(); err != nil {
			return err
		}
		if err := p.constant(n); err != nil {
			return err
		}
	}
	return p.skip(")")
}

func (p *parser) constant(n *node) error {
	var c constant
	switch {
	case p.tok.kind == text:
		c = p.tok.text
	case p.tok.kind == integer:
		i, err := strconv.ParseInt(p.tok.text, 10, 64)
		if err != nil {
			return p.unexpected("an integer that is not so large")
		}
		c = i
	case p.is(word, "true"), p.is(word, "false"):
		c = p.tok.text == "true"
	default:
		return p.unexpected("an integer, a string or a boolean")
	}
	n.constants = append(n.constants, c)
	return p.advance()
}

func keyword(s string) bool {
	switch s {
	case "and", "or", "eq", "ge", "le", "in", "true", "false":
		return true
	}
	return false
}

// advance reads the next token.
func (p *parser) advance() error {
	rest := strings.TrimLeft(p.input[p.pos:], " ")
	at := len(p.input) - len(rest)
	p.tok = token{kind: end, at: at, spaced: at == 0 || p.input[at-1] == ' '}
	if rest == "" {
		p.pos = at
		return nil
	}
	length := 1
	switch c := rest[0]; {
	case c == '(' || c == ')' || c == ',':
		p.tok.kind = symbol
	case letter(c):
		p.tok.kind = word
		length = prefix(rest, func(c byte) bool { return letter(c) || digit(c) || c == '-' })
	case digit(c) || c == '-':
		p.tok.kind = integer
		length = 1 + prefix(rest[1:], digit)
	case c == '\'':
		p.tok.kind = text
		closing := strings.IndexByte(rest[1:], '\'')
		if closing < 0 {
			return reason("The filter is invalid at position %d: the string does not end", at)
		}
		length = closing + 2
	default:
		return reason("The filter is invalid at position %d: %q is not allowed", at, c)
	}
	p.tok.text, p.pos = rest[:length], at+length
	if p.tok.kind == text {
		p.tok.text = rest[1 : length-1]
	}
	return nil
}

// prefix returns how many of the first bytes are in a class.
func prefix(s string, in func(byte) bool) int {
	for i := range len(s) {
		if !in(s[i]) {
			return i
		}
	}
	return len(s)
}

func letter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

func digit(c byte) bool { return '0' <= c && c <= '9' }
