//go:build tools

// Package engine pins the Pulumi engine's module graph, so that it can be
// built where only a Go module registry can be reached.
package engine

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
