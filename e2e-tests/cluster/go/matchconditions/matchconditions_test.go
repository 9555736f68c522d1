// Package matchconditions evaluates the match conditions of the policies in deploy/ with the API server's own code, which limits
// their cost: a webhook with the failure policy Ignore is skipped if one of its conditions exceeds the limit.
package matchconditions

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/cel/environment"
	"sigs.k8s.io/yaml"
)

// oldest is the oldest version of Kubernetes that docs/install.md names: what it does not know, conditions may not use.
var oldest = version.MajorMinor(1, 30)

// policy is what is read of a ClusterAdmissionPolicy.
type policy struct {
	Metadata metav1.ObjectMeta
	Spec     struct {
		Rules           []admissionregistrationv1.RuleWithOperations
		ObjectSelector  *metav1.LabelSelector
		MatchConditions []matchconditions.MatchCondition
		FailurePolicy   admissionregistrationv1.FailurePolicyType
	}
	conditions cel.ConditionEvaluator
}

// policies are those that the recipes consist of, without the guard and injection, which a selector on the label limits.
func policies(t testing.TB) map[string]*policy {
	t.Helper()
	compiler := cel.NewConditionCompiler(environment.MustBaseEnvSet(oldest))
	found := map[string]*policy{}
	for _, name := range []string{"checks", "guard", "inject", "unlabelled"} {
		text, err := os.ReadFile(filepath.Join("../../../../deploy/policies", name, "policy.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		policy := &policy{}
		if err := yaml.Unmarshal(text, policy); err != nil {
			t.Fatal(err)
		}
		accessors := []cel.ExpressionAccessor{}
		for i := range policy.Spec.MatchConditions {
			accessors = append(accessors, &policy.Spec.MatchConditions[i])
		}
		declarations := cel.OptionalVariableDeclarations{HasAuthorizer: true}
		policy.conditions = compiler.CompileCondition(accessors, declarations, environment.NewExpressions)
		found[name] = policy
	}
	return found
}

// answer is what the API server makes of the conditions.
type answer struct {
	called bool
	cost   int64
	took   time.Duration
}

// request is an object and, on an update, the one before.
type request struct {
	object, old runtime.Object
}

// ask evaluates the conditions of a policy as the API server does.
func (p *policy) ask(t testing.TB, request request) answer {
	t.Helper()
	kind := request.object.GetObjectKind().GroupVersionKind()
	resource := kind.GroupVersion().WithResource(strings.ToLower(kind.Kind) + "s")
	operation := admission.Create
	if request.old != nil {
		operation = admission.Update
	}
	attributes := &admission.VersionedAttributes{
		Attributes: admission.NewAttributesRecord(
			request.object, request.old, kind, "shop", "web", resource, "", operation, nil, false, nil,
		),
		VersionedKind:      kind,
		VersionedObject:    request.object,
		VersionedOldObject: request.old,
	}
	start := time.Now()
	matcher := matchconditions.NewMatcher(p.conditions, &p.Spec.FailurePolicy, "webhook", "validating", p.Metadata.Name)
	result := matcher.Match(context.Background(), attributes, nil, nil)
	took := time.Since(start)

	review := cel.CreateAdmissionRequest(attributes.Attributes, metav1.GroupVersionResource(resource), metav1.GroupVersionKind(kind))
	budget := int64(celconfig.RuntimeCELCostBudgetMatchConditions)
	evaluations, left, err := p.conditions.ForInput(
		context.Background(), attributes, review, cel.OptionalVariableBindings{}, nil, budget,
	)
	if err != nil {
		t.Fatal(err)
	}
	for _, evaluation := range evaluations {
		if evaluation.Error != nil {
			t.Errorf("%s: %v", p.Metadata.Name, evaluation.Error)
		}
	}
	return answer{result.Matches && result.Error == nil, budget - left, took}
}

// rules tells whether the rules of a policy list the kind.
func (p *policy) rules(kind schema.GroupVersionKind) bool {
	return slices.ContainsFunc(p.Spec.Rules, func(rule admissionregistrationv1.RuleWithOperations) bool {
		return slices.Contains(rule.APIGroups, kind.Group) && slices.Contains(rule.Resources, strings.ToLower(kind.Kind)+"s")
	})
}

func TestConditionsOfRequestsWithLittleInThem(t *testing.T) {
	text, err := os.ReadFile("requests.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var requests []struct {
		Note              string
		Object, OldObject json.RawMessage
		Sees              []string
	}
	if err := yaml.UnmarshalStrict(text, &requests); err != nil {
		t.Fatal(err)
	}
	for _, each := range requests {
		request := request{object: typed(t, each.Object)}
		if each.OldObject != nil {
			request.old = typed(t, each.OldObject)
		}
		for name, policy := range policies(t) {
			if policy.Spec.FailurePolicy != admissionregistrationv1.Ignore || !policy.rules(request.object.GetObjectKind().GroupVersionKind()) {
				continue
			}
			if called := policy.ask(t, request).called; called != slices.Contains(each.Sees, name) {
				t.Errorf("%s: %s is called: %v", each.Note, name, called)
			}
		}
	}
}

// typed reads an object as the API server does, so that it has the nulls that the API server writes, and no others.
func typed(t testing.TB, text []byte) runtime.Object {
	t.Helper()
	var meta metav1.TypeMeta
	if err := json.Unmarshal(text, &meta); err != nil {
		t.Fatal(err)
	}
	objects := map[string]runtime.Object{
		"Pod": &corev1.Pod{}, "ServiceAccount": &corev1.ServiceAccount{}, "Service": &corev1.Service{},
		"ReplicaSet": &appsv1.ReplicaSet{},
	}
	object := objects[meta.Kind]
	if err := yaml.UnmarshalStrict(text, object); err != nil {
		t.Fatal(err)
	}
	return object
}

// size is what the store takes: no larger object is created.
const size = 1_500_000

// until adds to an object until it has its size, and returns it.
func until[T runtime.Object](object T, add func(T, int)) T {
	for i, step := 0, 1; ; {
		for range step {
			add(object, i)
			i++
		}
		text, err := json.Marshal(object)
		if err != nil {
			panic(err)
		}
		if len(text) >= size {
			return object
		}
		step = max(1, i*(size-len(text))/len(text)*9/10)
	}
}

func newPod() *corev1.Pod {
	return &corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "shop", Labels: map[string]string{}, Annotations: map[string]string{}},
		Spec:       corev1.PodSpec{ServiceAccountName: "default", Containers: []corev1.Container{{Name: "web"}}},
	}
}

func newAccount() *corev1.ServiceAccount {
	return &corev1.ServiceAccount{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ServiceAccount"},
		ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "shop", Labels: map[string]string{}, Annotations: map[string]string{}},
	}
}

// key is the longest that a label or annotation may have.
func key(i int) string {
	return fmt.Sprintf("%s.%d/%s", strings.Repeat("a", 240), i, strings.Repeat("i", 63))
}

// Each of these concerns workload identity by what comes last, or has more of something than the conditions read.
func TestLargeObjectsAreSentToTheWebhook(t *testing.T) {
	const annotation = "metadata.annotations['azure.workload.identity/client-id']"
	fieldRef := func(path string) *corev1.EnvVarSource {
		return &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: path}}
	}
	token := func(audience string) corev1.VolumeProjection {
		return corev1.VolumeProjection{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Path: "t", Audience: audience}}
	}
	volume := func(sources ...corev1.VolumeProjection) corev1.Volume {
		projected := &corev1.ProjectedVolumeSource{Sources: sources}
		return corev1.Volume{Name: "v", VolumeSource: corev1.VolumeSource{Projected: projected}}
	}
	annotated := newAccount()
	annotated.Annotations["azure.workload.identity/client-id"] = "x"

	shapes := map[string]struct {
		policy  string
		request request
	}{
		"labels": {"unlabelled", request{object: until(newPod(), func(pod *corev1.Pod, i int) { pod.Labels[fmt.Sprint(i)] = "" })}},
		"500 long labels and 500 long annotations": {"unlabelled", request{object: func() *corev1.Pod {
			pod := newPod()
			for i := range 499 {
				pod.Labels[key(i)], pod.Annotations[key(i)] = "", strings.Repeat("x", 2000)
			}
			pod.Annotations["azure.workload.identity/client-id"] = ""
			return pod
		}()}},
		"annotations": {"unlabelled", request{object: until(newPod(), func(pod *corev1.Pod, i int) {
			pod.Annotations[fmt.Sprint(i)] = ""
		})}},
		"volumes": {"unlabelled", request{object: until(newPod(), func(pod *corev1.Pod, _ int) {
			pod.Spec.Volumes = append(pod.Spec.Volumes, volume())
		})}},
		"sources in a volume": {"unlabelled", request{object: func() *corev1.Pod {
			pod := newPod()
			pod.Spec.Volumes = []corev1.Volume{volume()}
			return until(pod, func(pod *corev1.Pod, _ int) {
				sources := &pod.Spec.Volumes[0].Projected.Sources
				*sources = append(*sources, corev1.VolumeProjection{})
			})
		}()}},
		"500 volumes with many tokens": {"unlabelled", request{object: func() *corev1.Pod {
			pod := newPod()
			for range 500 {
				pod.Spec.Volumes = append(pod.Spec.Volumes, volume())
			}
			until(pod, func(pod *corev1.Pod, i int) {
				sources := &pod.Spec.Volumes[i%500].Projected.Sources
				*sources = append(*sources, token(""))
			})
			last := &pod.Spec.Volumes[499].Projected.Sources
			*last = append(*last, token("api://AzureADTokenExchange"))
			return pod
		}()}},
		"containers": {"unlabelled", request{object: until(newPod(), func(pod *corev1.Pod, _ int) {
			pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: "a"})
		})}},
		"init containers": {"unlabelled", request{object: until(newPod(), func(pod *corev1.Pod, _ int) {
			pod.Spec.InitContainers = append(pod.Spec.InitContainers, corev1.Container{Name: "a"})
		})}},
		"variables in a container": {"unlabelled", request{object: until(newPod(), func(pod *corev1.Pod, _ int) {
			env := &pod.Spec.Containers[0].Env
			*env = append(*env, corev1.EnvVar{Name: "A"})
		})}},
		"1,000 containers with many variables": {"unlabelled", request{object: func() *corev1.Pod {
			pod := newPod()
			for range 500 {
				pod.Spec.InitContainers = append(pod.Spec.InitContainers, corev1.Container{Name: "a"})
			}
			for range 499 {
				pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: "a"})
			}
			until(pod, func(pod *corev1.Pod, i int) {
				env := &pod.Spec.InitContainers[i%500].Env
				if i%1000 >= 500 {
					env = &pod.Spec.Containers[i%500].Env
				}
				*env = append(*env, corev1.EnvVar{Name: "A"})
			})
			last := &pod.Spec.Containers[499].Env
			*last = append(*last, corev1.EnvVar{Name: "A", ValueFrom: fieldRef(annotation)})
			return pod
		}()}},
		"containers with variables from long annotations": {"unlabelled", request{object: func() *corev1.Pod {
			pod := newPod()
			until(pod, func(pod *corev1.Pod, i int) {
				if i%100 == 0 {
					pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: "a"})
				}
				env := &pod.Spec.Containers[len(pod.Spec.Containers)-1].Env
				*env = append(*env, corev1.EnvVar{Name: "A", ValueFrom: fieldRef("metadata.annotations['" + key(i) + "']")})
			})
			last := &pod.Spec.Containers[len(pod.Spec.Containers)-1].Env
			*last = append(*last, corev1.EnvVar{Name: "A", ValueFrom: fieldRef(annotation)})
			return pod
		}()}},
		"labels of a service account": {"checks", request{object: until(newAccount(), func(account *corev1.ServiceAccount, i int) {
			account.Labels[fmt.Sprint(i)] = ""
		})}},
		"annotations of a service account": {"checks", request{object: until(newAccount(), func(account *corev1.ServiceAccount, i int) {
			account.Annotations[fmt.Sprint(i)] = ""
		})}},
		"annotations of a service account before": {"checks", request{
			object: newAccount(),
			old: until(newAccount(), func(account *corev1.ServiceAccount, i int) {
				account.Annotations[fmt.Sprint(i)] = ""
			}),
		}},
		"owners": {"checks", request{object: until(
			&appsv1.ReplicaSet{TypeMeta: metav1.TypeMeta{APIVersion: "apps/v1", Kind: "ReplicaSet"}},
			func(set *appsv1.ReplicaSet, _ int) {
				set.OwnerReferences = append(set.OwnerReferences, metav1.OwnerReference{})
			},
		)}},
		"selector of a service": {"checks", request{object: until(
			&corev1.Service{
				TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
				Spec:     corev1.ServiceSpec{Selector: map[string]string{"azure.workload.identity/use": "true"}},
			},
			func(service *corev1.Service, i int) { service.Spec.Selector[fmt.Sprint(i)] = "" },
		)}},
	}
	found := policies(t)
	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) {
			answer := found[shape.policy].ask(t, shape.request)
			t.Logf("cost %d of %d, %v", answer.cost, celconfig.PerCallLimit, answer.took)
			if !answer.called {
				t.Error("the webhook is not called")
			}
		})
	}
}
