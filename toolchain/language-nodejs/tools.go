//go:build tools

// Package languagenodejs pins the Node.js language host. Its own module is in
// no registry; the last SDK release that still contains it works with the
// engine pinned beside it.
package languagenodejs

import _ "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs"
