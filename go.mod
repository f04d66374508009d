module github.com/worktime-go/worktime

go 1.26.0

require (
	github.com/google/go-querystring v1.2.0 // indirect
	github.com/stretchr/testify v1.12.1 // indirect
	go.uber.org/goleak v1.3.0 // indirect
	golang.org/x/oauth2 v0.37.0 // indirect
	pgregory.net/rapid v1.3.0 // indirect
)
