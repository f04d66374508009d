package fake

import (
	"bytes"
	"encoding/json"
	"net/http"
)

// JSON is json.Marshal without escapes for HTML: vendors print links as they are.
func JSON(body any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(body); err != nil {
		panic(err) // a type of a fake that cannot be encoded
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// WriteJSON answers with JSON.
func WriteJSON(w http.ResponseWriter, status int, contentType string, body any) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write(JSON(body))
}

// OrNull is a value of JSON that is null if there is nothing in it.
func OrNull[T comparable](value T) any {
	if value == *new(T) {
		return nil
	}
	return value
}

// Route hands a request to the operation of its method and path. If there is none, refuse answers: with 404, or with 405
// if the path has operations of other methods, which then stand in Allow.
func Route(operations *http.ServeMux, w http.ResponseWriter, r *http.Request, refuse func(status int)) {
	if _, pattern := operations.Handler(r); pattern != "" {
		operations.ServeHTTP(w, r)
		return
	}
	status := http.StatusNotFound
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := operations.Handler(other); pattern != "" {
			w.Header().Add("Allow", method)
			status = http.StatusMethodNotAllowed
		}
	}
	refuse(status)
}
