// Package kubernetes registers k6/x/kubernetes: the API of xk6-kubernetes, over
// that project's own packages. Its root package binds to an older k6.
package kubernetes

import (
	"context"
	"errors"
	"fmt"

	"github.com/grafana/sobek"
	"github.com/grafana/xk6-kubernetes/pkg/api"
	"go.k6.io/k6/v2/js/common"
	"go.k6.io/k6/v2/js/modules"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	clientset "k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
)

func init() { modules.Register("k6/x/kubernetes", new(rootModule)) }

type rootModule struct{}

type moduleInstance struct{ vu modules.VU }

// NewModuleInstance implements modules.Module.
func (*rootModule) NewModuleInstance(vu modules.VU) modules.Instance { return &moduleInstance{vu} }

// Exports implements modules.Instance.
func (m *moduleInstance) Exports() modules.Exports {
	return modules.Exports{Named: map[string]any{"Kubernetes": m.construct}}
}

func (m *moduleInstance) construct(call sobek.ConstructorCall) *sobek.Object {
	rt := m.vu.Runtime()
	var options Options
	if err := rt.ExportTo(call.Argument(0), &options); err != nil {
		common.Throw(rt, fmt.Errorf("Kubernetes expects options {config_path, context, server, token}: %w", err))
	}
	client, err := connect(m.vu.Context(), options)
	if err != nil {
		common.Throw(rt, err)
	}
	return rt.ToValue(client).ToObject(rt)
}

// Kubernetes is what scripts hold. Get, List, Create, Update, Apply and
// Helpers are upstream's own.
type Kubernetes struct {
	api.Kubernetes
	ctx     context.Context
	dynamic dynamic.Interface
	mapper  meta.RESTMapper
}

func connect(ctx context.Context, options Options) (*Kubernetes, error) {
	config, err := options.restConfig()
	if err != nil {
		return nil, err
	}
	set, err := clientset.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	objects, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	mapper, err := mapperFor(config)
	if err != nil {
		return nil, err
	}
	upstream, err := api.NewFromConfig(api.KubernetesConfig{
		Context: ctx, Config: config, Clientset: set, Client: objects, Mapper: mapper,
	})
	if err != nil {
		return nil, err
	}
	return &Kubernetes{Kubernetes: upstream, ctx: ctx, dynamic: objects, mapper: mapper}, nil
}

// mapperFor asks the API server for its kinds on first use, and again when it
// meets one it does not know, as a CRD that was just made.
func mapperFor(config *rest.Config) (meta.RESTMapper, error) {
	client, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, err
	}
	return restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(client)), nil
}

// Delete is upstream's with an optional fourth argument: with `uid`, an object
// that was replaced under the same name is left alone (409 Conflict); with
// `gracePeriodSeconds: 0`, a pod is killed.
func (k *Kubernetes) Delete(kind, name, namespace string, options map[string]any) error {
	deletion, err := deleteOptions(options)
	if err != nil {
		return err
	}
	mapping, err := k.mapper.RESTMapping(schema.ParseGroupKind(kind))
	if err != nil {
		return err
	}
	resource := k.dynamic.Resource(mapping.Resource)
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		return resource.Namespace(namespace).Delete(k.ctx, name, deletion)
	}
	return resource.Delete(k.ctx, name, deletion)
}

// deleteOptions refuses what it does not know: a misspelt uid must not turn
// into a delete without a guard.
func deleteOptions(options map[string]any) (metav1.DeleteOptions, error) {
	var deletion metav1.DeleteOptions
	for key, value := range options {
		switch key {
		case "gracePeriodSeconds":
			seconds, isInteger := value.(int64)
			if !isInteger || seconds < 0 {
				return deletion, fmt.Errorf("delete: expected gracePeriodSeconds to be a whole number from 0, found %v", value)
			}
			deletion.GracePeriodSeconds = &seconds
		case "uid":
			uid, isString := value.(string)
			if !isString || uid == "" {
				return deletion, errors.New("delete: expected uid to be the object's metadata.uid")
			}
			deletion.Preconditions = metav1.NewUIDPreconditions(uid)
		default:
			return deletion, fmt.Errorf("delete: expected the options gracePeriodSeconds and uid, found %q", key)
		}
	}
	return deletion, nil
}
