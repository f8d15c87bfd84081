//go:build tools

// Package yaml pins the module graph of the language host for programs in YAML.
package yaml

import _ "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml"
