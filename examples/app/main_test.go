package main

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

var silent = slog.New(slog.NewTextHandler(io.Discard, nil))

func environment(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

// started runs the service on a free port of loopback. It returns its address, what ends it, and what run returns.
func started(t *testing.T, values map[string]string) (string, context.CancelFunc, <-chan error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	addresses, done := make(chan net.Addr, 1), make(chan error, 1)
	values["LISTEN_ADDRESS"] = "127.0.0.1:0"
	go func() {
		done <- run(ctx, silent, environment(values), func(address net.Addr) { addresses <- address })
	}()
	select {
	case address := <-addresses:
		return "http://" + address.String(), cancel, done
	case err := <-done:
		t.Fatalf("run returned %v before it listened", err)
		return "", nil, nil
	}
}

func TestRunServesUntilItIsToldToStop(t *testing.T) {
	url, stop, done := started(t, map[string]string{})
	response, err := http.Get(url + "/readyz")
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("GET /readyz: %v, %v", response, err)
	}
	_ = response.Body.Close()
	stop()
	if err := <-done; err != nil {
		t.Errorf("run returned %v, want nil", err)
	}
	if _, err := net.Dial("tcp", strings.TrimPrefix(url, "http://")); err == nil {
		t.Error("the port is still open after run has returned")
	}
}

// blocked serves a handler that waits for release, and returns once it has been asked.
func blocked(t *testing.T, timeout time.Duration) (release func(), stop context.CancelFunc, done <-chan error, code <-chan int) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	asked, released := make(chan struct{}), make(chan struct{})
	release = sync.OnceFunc(func() { close(released) })
	t.Cleanup(release)
	ctx, stop := context.WithCancel(context.Background())
	t.Cleanup(stop)
	ended, codes := make(chan error, 1), make(chan int, 1)
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(asked)
		<-released
		w.WriteHeader(http.StatusAccepted)
	})
	go func() { ended <- serve(ctx, listener, handler, timeout) }()
	go func() {
		response, err := http.Get("http://" + listener.Addr().String())
		if err != nil {
			codes <- 0
			return
		}
		_ = response.Body.Close()
		codes <- response.StatusCode
	}()
	<-asked
	return release, stop, ended, codes
}

func TestServeAnswersWhatHasBegun(t *testing.T) {
	release, stop, done, code := blocked(t, time.Minute)
	stop()
	select {
	case err := <-done:
		t.Fatalf("serve returned %v while a request was being answered", err)
	case <-time.After(50 * time.Millisecond):
	}
	release()
	if got := <-code; got != http.StatusAccepted {
		t.Errorf("the answer is %d, want %d", got, http.StatusAccepted)
	}
	if err := <-done; err != nil {
		t.Errorf("serve returned %v, want nil", err)
	}
}

func TestServeGivesUpOnRequestsThatDoNotEnd(t *testing.T) {
	_, stop, done, _ := blocked(t, 20*time.Millisecond)
	stop()
	if err := <-done; err == nil || !strings.Contains(err.Error(), "cut off after 20ms") {
		t.Errorf("serve returned %v, want that requests were cut off", err)
	}
}

func TestRunRefusesWhatItCannotDo(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for name, test := range map[string]struct {
		values map[string]string
		want   string
	}{
		"no duration":  {map[string]string{"SHUTDOWN_TIMEOUT": "soon"}, `SHUTDOWN_TIMEOUT is "soon"`},
		"zero":         {map[string]string{"SHUTDOWN_TIMEOUT": "0s"}, `SHUTDOWN_TIMEOUT is "0s"`},
		"taken port":   {map[string]string{"LISTEN_ADDRESS": taken.Addr().String()}, "LISTEN_ADDRESS: "},
		"no such port": {map[string]string{"LISTEN_ADDRESS": "127.0.0.1:99999"}, "LISTEN_ADDRESS: "},
	} {
		t.Run(name, func(t *testing.T) {
			err := run(context.Background(), silent, environment(test.values), nil)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("run returned %v, want %q", err, test.want)
			}
		})
	}
}
