package story

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"slices"
	"sync"
	"time"
)

// serviceAddress is the ClusterIP of Squall's Service, see the manifests.
const serviceAddress = "10.96.0.85"

// service stands where a kube-proxy would: it hands what is sent to the Service's
// address on to Squall's Pod. As it sees every webhook, it also notes when.
type service struct {
	server *http.Server

	mu         sync.Mutex // guards below
	deliveries []delivery
	between    func([]string) // is told the Pods of a firing alert before it is handed on
}

// delivery is a webhook that Alertmanager sent, and what Squall answered.
type delivery struct {
	Status     string // of the group: firing as long as one of its alerts is
	Pods       []string
	Resolved   []string    // those of them whose alert is over
	StartsAt   []time.Time // of the alerts, in the order of the Pods
	Sent       time.Time   // handed on to Squall
	Answered   time.Time   // what Squall said of it was here: it is durable
	Code       int
	Event      string
	Executions []string
}

func serve(ctx context.Context, pod string) (*service, error) {
	if out, err := exec.CommandContext(ctx, "ip", "addr", "add", serviceAddress+"/32", "dev", "lab0").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("give the node the Service's address: %w: %s", err, out)
	}
	listener, err := net.Listen("tcp", serviceAddress+":8085")
	if err != nil {
		return nil, fmt.Errorf("listen at the Service's address: %w", err)
	}
	s := &service{}
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: pod})
	proxy.ErrorLog = log.New(io.Discard, "", 0) // Alertmanager sends again what was not taken
	proxy.ModifyResponse = s.answered
	s.server = &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: s.watch(proxy)}
	go func() { _ = s.server.Serve(listener) }() // ends with close
	return s, nil
}

func (s *service) close() { _ = s.server.Close() }

// keyOfDelivery is where a request's context holds what is known of it.
type keyOfDelivery struct{}

// watch reads the alerts that go by.
func (s *service) watch(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		var d delivery
		var message struct {
			Status string
			Alerts []struct {
				Status   string
				Labels   map[string]string
				StartsAt time.Time
			}
		}
		if err := json.Unmarshal(body, &message); err == nil {
			d.Status = message.Status
			for _, a := range message.Alerts {
				d.Pods, d.StartsAt = append(d.Pods, a.Labels["pod"]), append(d.StartsAt, a.StartsAt)
				if a.Status == "resolved" {
					d.Resolved = append(d.Resolved, a.Labels["pod"])
				}
			}
		}
		s.mu.Lock()
		between := s.between
		s.mu.Unlock()
		if between != nil && d.Status == "firing" {
			between(d.Pods)
		}
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		d.Sent = time.Now()
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), keyOfDelivery{}, &d)))
	})
}

// answered notes what Squall said.
func (s *service) answered(resp *http.Response) error {
	d, ok := resp.Request.Context().Value(keyOfDelivery{}).(*delivery)
	if !ok {
		return nil
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	d.Answered, d.Code = time.Now(), resp.StatusCode
	resp.Body = io.NopCloser(bytes.NewReader(body))
	var accepted struct {
		Event      string
		Executions []string
	}
	if err := json.Unmarshal(body, &accepted); err == nil {
		d.Event, d.Executions = accepted.Event, accepted.Executions
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deliveries = append(s.deliveries, *d)
	return nil
}

// about tells whether a delivery says that of a Pod. Alertmanager tells of an alert that
// is over once, also while others of its group fire.
func (d delivery) about(status, pod string) bool {
	if status == "resolved" {
		return slices.Contains(d.Resolved, pod)
	}
	return d.Status == status && slices.Contains(d.Pods, pod)
}

// find returns the first delivery about all of the Pods that Squall accepted.
func (s *service) find(status string, pods []string) (delivery, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	refused := 0
	for _, d := range s.deliveries {
		switch {
		case !d.about(status, pods[0]):
		case d.Code != http.StatusAccepted:
			refused = d.Code
		case len(d.Pods) < len(pods):
			return d, fmt.Errorf("%w: a webhook brought %d alerts of %d", errStory, len(d.Pods), len(pods))
		default:
			return d, nil
		}
	}
	if refused != 0 {
		return delivery{}, fmt.Errorf("squall answered a webhook with status %d", refused)
	}
	return delivery{}, fmt.Errorf("no %s webhook about %s was sent", status, pods[0])
}

// meanwhile sets what happens between a firing webhook about a Pod and Squall, once.
func (s *service) meanwhile(pod string, do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if do == nil {
		s.between = nil
		return
	}
	var once sync.Once
	s.between = func(pods []string) {
		if slices.Contains(pods, pod) {
			once.Do(do)
		}
	}
}
