package kubetest

import (
	"encoding/json"
	"net/http"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Question is what a SubjectAccessReview asks.
type Question struct {
	User   string   `json:"user"`
	Groups []string `json:"groups"`
	// On is what it is about.
	On struct {
		Verb        string `json:"verb"`
		Group       string `json:"group"`
		Resource    string `json:"resource"`
		Subresource string `json:"subresource"`
		Namespace   string `json:"namespace"`
		Name        string `json:"name"`
	} `json:"resourceAttributes"`
}

// String is "mira create pods/exec ns/web".
func (q Question) String() string {
	resource := q.On.Resource
	if q.On.Subresource != "" {
		resource += "/" + q.On.Subresource
	}
	if q.On.Group != "" {
		resource += "." + q.On.Group
	}
	return strings.TrimSpace(q.User + " " + q.On.Verb + " " + resource + " " + q.On.Namespace + "/" + q.On.Name)
}

// review answers a SubjectAccessReview, or one of the asker itself, as Review says.
func (s *Server) review(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Kind string
		Spec Question
	}
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil || asked.Spec.User == "" && strings.HasSuffix(r.URL.Path, "/subjectaccessreviews") {
		writeStatus(w, Failure(http.StatusUnprocessableEntity, metav1.StatusReasonInvalid, "the review has no user"))
		return
	}
	s.mu.Lock()
	s.questions = append(s.questions, asked.Spec.String())
	s.mu.Unlock()
	allowed := s.Review != nil && s.Review(asked.Spec)
	writeJSON(w, http.StatusCreated, map[string]any{
		"apiVersion": "authorization.k8s.io/v1", "kind": asked.Kind,
		"spec": asked.Spec, "status": map[string]any{"allowed": allowed},
	})
}

// Questions returns what was asked about the rights of others.
func (s *Server) Questions() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.questions...)
}
