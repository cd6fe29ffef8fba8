package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func get(t *testing.T, s *service, path string) *httptest.ResponseRecorder {
	t.Helper()
	recorder := httptest.NewRecorder()
	s.handler().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, path, nil))
	return recorder
}

func TestGreetingTellsVersionAndCommit(t *testing.T) {
	for path, want := range map[string]string{"/": "Hello, world!", "/?name=Ada": "Hello, Ada!"} {
		recorder := get(t, newService(silent), path)
		var got greeting
		if err := json.Unmarshal(recorder.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if got != (greeting{want, version, commit}) {
			t.Errorf("GET %s answers %+v", path, got)
		}
		if kind := recorder.Header().Get("Content-Type"); kind != "application/json" {
			t.Errorf("GET %s answers with content type %q", path, kind)
		}
	}
}

func TestCodes(t *testing.T) {
	s := newService(silent)
	for path, want := range map[string]int{
		"/healthz":                          http.StatusOK,
		"/readyz":                           http.StatusServiceUnavailable,
		"/metrics":                          http.StatusOK,
		"/nothing":                          http.StatusNotFound,
		"/?name=" + strings.Repeat("a", 65): http.StatusBadRequest,
		"/?name=" + strings.Repeat("a", 64): http.StatusOK,
	} {
		if got := get(t, s, path).Code; got != want {
			t.Errorf("GET %s answers %d, want %d", path, got, want)
		}
	}
	s.ready.Store(true)
	if got := get(t, s, "/readyz").Code; got != http.StatusOK {
		t.Errorf("GET /readyz answers %d once ready", got)
	}
}

func TestMetricsCountWhatUsersAskFor(t *testing.T) {
	s := newService(silent)
	s.metrics.started = time.Unix(1700000000, 0)
	for _, path := range []string{"/", "/", "/?name=" + strings.Repeat("a", 65), "/a", "/b", "/healthz", "/readyz"} {
		get(t, s, path)
	}
	recorder := get(t, s, "/metrics")
	if kind := recorder.Header().Get("Content-Type"); kind != "text/plain; version=0.0.4; charset=utf-8" {
		t.Errorf("content type is %q", kind)
	}
	lines := strings.Split(recorder.Body.String(), "\n")
	for _, want := range []string{
		`app_build_info{version="0.0.0-dev",commit="unknown"} 1`,
		`process_start_time_seconds 1700000000`,
		`http_requests_total{route="/",code="200"} 2`,
		`http_requests_total{route="/",code="400"} 1`,
		`http_requests_total{route="other",code="404"} 2`,
		`http_request_duration_seconds_count{route="/"} 3`,
		`http_request_duration_seconds_bucket{route="/",le="+Inf"} 3`,
	} {
		found := false
		for _, line := range lines {
			found = found || line == want
		}
		if !found {
			t.Errorf("%q is missing in\n%s", want, recorder.Body)
		}
	}
	if strings.Contains(recorder.Body.String(), "healthz") {
		t.Error("probes are counted")
	}
}

func TestBucketsHoldWhatIsBelowThem(t *testing.T) {
	m := newMetrics(time.Now())
	m.observe("/", http.StatusOK, 5*time.Millisecond)
	m.observe("/", http.StatusOK, 2*time.Second)
	seen := m.routes["/"]
	if want := [len(buckets)]uint64{0, 1, 1, 1, 1, 1, 1, 2}; seen.buckets != want {
		t.Errorf("buckets are %v, want %v", seen.buckets, want)
	}
	if seen.count != 2 || seen.seconds != 2.005 {
		t.Errorf("count %d and sum %g, want 2 and 2.005", seen.count, seen.seconds)
	}
}
