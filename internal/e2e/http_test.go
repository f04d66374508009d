package e2e

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// newClient returns a client that follows no redirects and trusts cert, if it is not nil.
func newClient(t *testing.T, cert *certificate) *http.Client {
	transport := &http.Transport{MaxIdleConnsPerHost: 16}
	if cert != nil {
		transport.TLSClientConfig = &tls.Config{RootCAs: cert.pool}
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Transport:     transport,
		Timeout:       time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// answer is an HTTP answer that has been read.
type answer struct {
	Status int
	Header http.Header
	Body   []byte
	Err    error // the body ended too early
}

func send(t *testing.T, client *http.Client, req *http.Request) answer {
	t.Helper()
	resp, err := client.Do(req)
	require.NoError(t, err)
	defer func() { require.NoError(t, resp.Body.Close()) }()
	a := answer{Status: resp.StatusCode, Header: resp.Header}
	a.Body, a.Err = io.ReadAll(resp.Body)
	return a
}

// certificate is that of a https server on the loopback hosts.
type certificate struct {
	CertFile string `json:"cert"` // PEM
	KeyFile  string `json:"key"`

	pool *x509.CertPool
}

func newCertificate(t *testing.T) *certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true,
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)

	dir := t.TempDir()
	c := &certificate{CertFile: filepath.Join(dir, "cert.pem"), KeyFile: filepath.Join(dir, "key.pem"), pool: x509.NewCertPool()}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	require.True(t, c.pool.AppendCertsFromPEM(cert))
	require.NoError(t, os.WriteFile(c.CertFile, cert, 0o600))
	var secret bytes.Buffer
	require.NoError(t, pem.Encode(&secret, &pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
	require.NoError(t, os.WriteFile(c.KeyFile, secret.Bytes(), 0o600))
	return c
}
