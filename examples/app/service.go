package main

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"
)

// service holds what the handlers share.
type service struct {
	logger  *slog.Logger
	metrics *metrics
	ready   atomic.Bool
}

func newService(logger *slog.Logger) *service {
	return &service{logger: logger, metrics: newMetrics(time.Now())}
}

// handler routes requests. Probes and metrics are not counted: they would drown what users ask for.
func (s *service) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if s.ready.Load() {
			answer(w, http.StatusOK, "ready")
		} else {
			answer(w, http.StatusServiceUnavailable, "not ready")
		}
	})
	mux.Handle("GET /metrics", s.metrics)
	mux.Handle("GET /{$}", s.counted("/", s.greet))
	mux.Handle("/", s.counted("other", http.NotFound))
	return mux
}

// greeting is the answer to GET /.
type greeting struct {
	Message string `json:"message"`
	Version string `json:"version"`
	Commit  string `json:"commit"`
}

func (s *service) greet(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("name")
	if name == "" {
		name = "world"
	}
	if len(name) > 64 {
		http.Error(w, "name is longer than 64 bytes", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(greeting{"Hello, " + name + "!", version, commit}); err != nil {
		s.logger.Warn("answer was not sent", "error", err.Error())
	}
}

// counted observes code and duration of what handle answers, under the name of its route.
func (s *service) counted(route string, handle http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recorder := &statusRecorder{ResponseWriter: w, code: http.StatusOK}
		started := time.Now()
		handle(recorder, r)
		s.metrics.observe(route, recorder.code, time.Since(started))
	})
}

// statusRecorder remembers the code of an answer.
type statusRecorder struct {
	http.ResponseWriter
	code int
}

func (r *statusRecorder) WriteHeader(code int) {
	r.code = code
	r.ResponseWriter.WriteHeader(code)
}

func answer(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(code)
	_, _ = w.Write([]byte(text + "\n"))
}
