// SPDX-License-Identifier: Apache-2.0

// Package authhelpers says that state cannot be kept in a cloud's storage; see docs/decisions/0111.
package authhelpers

import (
	"context"
	"errors"
	"net/url"

	"gocloud.dev/blob"
)

var errAbsent = errors.New("this engine was built from Go modules, without what clouds need: " +
	"put a release of Pulumi on PATH to keep state in a cloud's storage")

type absent struct{}

func (absent) OpenBucketURL(context.Context, *url.URL) (*blob.Bucket, error) {
	return nil, errAbsent
}

func init() {
	for _, scheme := range []string{"azblob", "gs", "s3"} {
		blob.DefaultURLMux().RegisterBucket(scheme, absent{})
	}
}

// GoogleCredentialsMux is asked for what opens gs:// URLs.
func GoogleCredentialsMux(context.Context) (*blob.URLMux, error) {
	return nil, errAbsent
}
