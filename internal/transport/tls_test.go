package transport

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

const tlsURL = "https://api.example.com/v1/things?q=1"

type issued struct {
	cert tls.Certificate
	pool *x509.CertPool
}

// certificate is for api.example.com, and valid in the year 2000 of testing/synctest too.
var certificate = sync.OnceValue(func() issued {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"api.example.com"},
		NotBefore: time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return issued{tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool}
})

// overTLS serves https://api.example.com. Protocols is what the server offers by ALPN.
func overTLS(protocols ...string) setting {
	return func(w *world, _ *worktime.Options) {
		c := certificate()
		w.url, w.tls = tlsURL, &tls.Config{Certificates: []tls.Certificate{c.cert}, NextProtos: protocols}
		w.rt.TLSClientConfig = &tls.Config{RootCAs: c.pool, NextProtos: protocols}
	}
}

// tlsServer answers a dial with the server side of a handshake that will not succeed.
func tlsServer(handshake func(net.Conn)) func(context.Context) (net.Conn, error) {
	return func(context.Context) (net.Conn, error) {
		client, server := net.Pipe()
		go func() {
			defer server.Close()
			handshake(server)
		}()
		return client, nil
	}
}

// brokenHandshake reads the ClientHello and answers with the alert handshake_failure.
func brokenHandshake(c net.Conn) {
	_, _ = c.Read(make([]byte, 4096))
	_, _ = c.Write([]byte{21, 3, 3, 0, 2, 2, 40})
}

// foreignCertificate completes the server's part with a certificate nobody trusts.
func foreignCertificate(c net.Conn) {
	cfg := &tls.Config{Certificates: []tls.Certificate{{
		Certificate: certificate().cert.Certificate, PrivateKey: certificate().cert.PrivateKey,
	}}}
	_ = tls.Server(c, cfg).Handshake()
}

func oldTLS(c net.Conn) {
	cfg := &tls.Config{Certificates: []tls.Certificate{certificate().cert}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	_ = tls.Server(c, cfg).Handshake()
}

func plainHTTP(c net.Conn) {
	_, _ = c.Read(make([]byte, 4096))
	_, _ = c.Write([]byte("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"))
}

// A handshake that cannot succeed is not tried again, and no request leaves.
func TestTLSRefusals(t *testing.T) {
	for name, tt := range map[string]struct {
		server func(net.Conn)
		url    string
		roots  bool // trust the issuer
	}{
		"unknown authority": {foreignCertificate, tlsURL, false},
		"other host":        {foreignCertificate, "https://other.example.com/v1", true},
		"TLS 1.1":           {oldTLS, tlsURL, true},
		"no TLS at all":     {plainHTTP, tlsURL, true},
	} {
		for _, class := range []Class{Safe, Idempotent, Once} {
			t.Run(name+"/"+className(class), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					dial := tlsServer(tt.server)
					w := newWorld(t, answer(http.StatusOK), overTLS(),
						dialling(func(ctx context.Context, _ int) (net.Conn, error) { return dial(ctx) }),
						func(w *world, _ *worktime.Options) {
							w.url = tt.url
							if !tt.roots {
								w.rt.TLSClientConfig = nil
							}
						})
					_, err := w.do(t.Context(), w.call(class))
					requireIs(t, err, worktime.ErrUnavailable)
					require.Len(t, w.dials(), 1)
					require.Empty(t, w.seen())
				})
			})
		}
	}
}
