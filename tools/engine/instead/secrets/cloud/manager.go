// SPDX-License-Identifier: Apache-2.0

// Package cloud says that secrets cannot be kept by a cloud's keys; see docs/decisions/0111.
package cloud

import (
	"encoding/json"
	"errors"

	"github.com/pulumi/pulumi/pkg/v3/secrets"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
)

// Type is what such a manager is called in a stack's state.
const Type = "cloud"

var errAbsent = errors.New("this engine was built from Go modules, without what clouds need: " +
	"put a release of Pulumi on PATH to encrypt secrets with a cloud's keys")

// EditProjectStack would write such a manager into a stack's settings.
func EditProjectStack(*workspace.ProjectStack, json.RawMessage) error {
	return errAbsent
}

// NewCloudSecretsManagerFromState would make the manager that a state names.
func NewCloudSecretsManagerFromState(json.RawMessage) (secrets.Manager, error) {
	return nil, errAbsent
}

// NewCloudSecretsManager would make the manager that a stack's settings name.
func NewCloudSecretsManager(*workspace.ProjectStack, string, bool) (secrets.Manager, error) {
	return nil, errAbsent
}
