// SPDX-License-Identifier: Apache-2.0

//go:build tools

// Package engine pins Pulumi's command line as a dependency, so that `go build` makes it from checked module sources.
// A module of our own is needed because `go install` refuses a module with `replace` lines; those lines are repeated in go.mod.
package engine

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
