//go:build !linux

package e2e

import (
	"context"
	"errors"
)

// Namespaces, mounts and foreign owners are made for these tests on Linux only.

func faultTask(context.Context, struct{}, func(any)) error { return errors.New("only on Linux") }
