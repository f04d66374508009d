package storetest_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/worktime-go/worktime/tokenstore"
	"github.com/worktime-go/worktime/tokenstore/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMemory(t *testing.T) {
	storetest.Run(t, func(*testing.T) tokenstore.Store { return tokenstore.Memory() })
}

func TestFile(t *testing.T) {
	storetest.Run(t, func(t *testing.T) tokenstore.Store { return tokenstore.File(storetest.Dir(t)) },
		storetest.WithProcesses(),
		storetest.WithBreak(func(t *testing.T) func() {
			// A file in the place of the directory: not even root can write there.
			dir := storetest.Dir(t)
			require.NoError(t, os.RemoveAll(dir))
			require.NoError(t, os.WriteFile(dir, nil, 0o600))
			return func() { require.NoError(t, os.Remove(dir)) }
		}),
		storetest.WithAlter(func(t *testing.T, key tokenstore.Key, alter func([]byte) []byte) {
			alterFile(t, filepath.Join(storetest.Dir(t), key.Digest+".json"), alter)
		}),
		storetest.WithSteal(func(t *testing.T, key tokenstore.Key) {
			require.NoError(t, os.Remove(filepath.Join(storetest.Dir(t), key.Digest+".lock")))
		}))
}

func alterFile(t *testing.T, path string, alter func([]byte) []byte) {
	t.Helper()
	stored, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, alter(stored), 0o600))
}
