package main

import (
	"fmt"
	"net/http"
	"sort"
	"strings"
	"sync"
	"time"
)

// buckets are the upper bounds of the histogram, in seconds.
var buckets = [...]float64{0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5}

// metrics counts answers, in the text format of Prometheus (version 0.0.4). Routes are names, never paths that a client
// chose: what clients choose has no bound.
type metrics struct {
	started time.Time
	mutex   sync.Mutex
	routes  map[string]*observations
}

type observations struct {
	codes   map[int]uint64
	buckets [len(buckets)]uint64
	count   uint64
	seconds float64
}

func newMetrics(started time.Time) *metrics {
	return &metrics{started: started, routes: map[string]*observations{}}
}

func (m *metrics) observe(route string, code int, took time.Duration) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	seen := m.routes[route]
	if seen == nil {
		seen = &observations{codes: map[int]uint64{}}
		m.routes[route] = seen
	}
	seen.codes[code]++
	seen.count++
	seen.seconds += took.Seconds()
	for index, bound := range buckets {
		if took.Seconds() <= bound {
			seen.buckets[index]++
		}
	}
}

func (m *metrics) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = w.Write([]byte(m.text()))
}

func (m *metrics) text() string {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	var text strings.Builder
	family := func(name, kind, help string) {
		fmt.Fprintf(&text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
	}

	family("app_build_info", "gauge", "Version and commit of the program.")
	fmt.Fprintf(&text, "app_build_info{version=%q,commit=%q} 1\n", version, commit)
	family("process_start_time_seconds", "gauge", "Start of the process since the epoch.")
	fmt.Fprintf(&text, "process_start_time_seconds %d\n", m.started.Unix())

	routes := make([]string, 0, len(m.routes))
	for route := range m.routes {
		routes = append(routes, route)
	}
	sort.Strings(routes)
	family("http_requests_total", "counter", "Answers by route and code.")
	for _, route := range routes {
		codes := make([]int, 0, len(m.routes[route].codes))
		for code := range m.routes[route].codes {
			codes = append(codes, code)
		}
		sort.Ints(codes)
		for _, code := range codes {
			fmt.Fprintf(&text, "http_requests_total{route=%q,code=\"%d\"} %d\n", route, code, m.routes[route].codes[code])
		}
	}
	name := "http_request_duration_seconds"
	family(name, "histogram", "Duration of answers by route.")
	for _, route := range routes {
		seen := m.routes[route]
		for index, bound := range buckets {
			fmt.Fprintf(&text, "%s_bucket{route=%q,le=\"%g\"} %d\n", name, route, bound, seen.buckets[index])
		}
		fmt.Fprintf(&text, "%s_bucket{route=%q,le=\"+Inf\"} %d\n", name, route, seen.count)
		fmt.Fprintf(&text, "%s_sum{route=%q} %g\n%s_count{route=%q} %d\n", name, route, seen.seconds, name, route, seen.count)
	}
	return text.String()
}
