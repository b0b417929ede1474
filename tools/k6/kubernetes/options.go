package kubernetes

import (
	_ "k8s.io/client-go/plugin/pkg/client/auth" // logins of managed clusters
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Options of the constructor. Scripts write them in snake case (config_path).
type Options struct {
	ConfigPath string
	// Context of the kubeconfig, in addition to upstream's options.
	Context string
	Server  string
	Token   string
}

// restConfig looks where upstream looks: server and token, the named
// kubeconfig, the pod's service account, and last the usual kubeconfig.
func (o Options) restConfig() (*rest.Config, error) {
	if o.Server != "" && o.Token != "" {
		// As upstream: these options have no place for a CA.
		insecure := rest.TLSClientConfig{Insecure: true}
		return &rest.Config{Host: o.Server, BearerToken: o.Token, TLSClientConfig: insecure}, nil
	}
	if o.ConfigPath == "" && o.Context == "" {
		if config, err := rest.InClusterConfig(); err == nil {
			return config, nil
		}
	}
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = o.ConfigPath
	overrides := &clientcmd.ConfigOverrides{CurrentContext: o.Context}
	return clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, overrides).ClientConfig()
}
