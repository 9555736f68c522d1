//go:build mains

// Package controlplane names the main packages that are built from here, so that go mod tidy keeps the sums of all they need.
package controlplane

import (
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
	_ "k8s.io/kubernetes/cmd/kube-controller-manager"
)
