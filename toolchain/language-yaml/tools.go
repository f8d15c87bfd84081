//go:build tools

// Package yaml pins the module graph of the language host for programs in YAML, with the engine's own versions.
package yaml

import _ "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml"
