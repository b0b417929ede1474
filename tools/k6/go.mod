module firedrill/tools/k6

go 1.26

require (
	github.com/grafana/xk6-kubernetes v0.9.0
	go.k6.io/k6/v2 v2.2.0
	k8s.io/apimachinery v0.34.2
	k8s.io/client-go v0.34.2
)
