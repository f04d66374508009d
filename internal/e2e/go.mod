module github.com/worktime-go/worktime/internal/e2e

go 1.26.0

replace github.com/worktime-go/worktime => ../..

require (
	github.com/go-jose/go-jose/v4 v4.1.8
	github.com/gofrs/flock v0.13.1
	github.com/stretchr/testify v1.12.1
	github.com/worktime-go/worktime v0.0.0
	go.uber.org/goleak v1.3.0
	golang.org/x/oauth2 v0.37.0
)

require (
	github.com/google/go-querystring v1.2.0 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/sys v0.47.0 // indirect
)
