package kube

import "testing"

// A budget for deployments must not be evaded by another word for them.
func TestEveryWordForAResourceIsOneTarget(t *testing.T) {
	t.Parallel()
	tests := []struct {
		want string
		refs []ObjectRef
	}{
		{"deployments/ns/web", []ObjectRef{{Resource: "deployments"}, {Resource: "Deploy"}, {Resource: "deployment"}, {Resource: "deployments.apps"},
			{Kind: "Deployment"}, {Kind: "deployments"}, {Kind: "Deployment.apps"}, {Resource: "deploy.apps"}}},
		{"pods/ns/web", []ObjectRef{{Resource: "po"}, {Kind: "Pod"}, {Kind: "po"}, {Resource: "PODS"}}},
		{"ingresses/ns/web", []ObjectRef{{Resource: "ing"}, {Kind: "Ingress"}, {Resource: "ingress"}, {Resource: "ingresses.networking.k8s.io"}}},
		{"networkpolicies/ns/web", []ObjectRef{{Resource: "netpol"}, {Kind: "NetworkPolicy"}, {Resource: "networkpolicy"}}},
		{"endpoints/ns/web", []ObjectRef{{Resource: "ep"}, {Kind: "Endpoints"}}},
		{"widgets.example.com/ns/web", []ObjectRef{{Resource: "widgets.example.com"}, {Kind: "Widget.example.com"}}},
	}
	for _, tt := range tests {
		for _, ref := range tt.refs {
			ref.Namespace, ref.Name = "ns", "web"
			if got := ref.change("patch").Target; got != tt.want {
				t.Errorf("%+v is %s, want %s", ref, got, tt.want)
			}
		}
	}
}
