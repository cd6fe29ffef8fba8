package main

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
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

func TestRunAnswersWhatHasBegun(t *testing.T) {
	url, stop, done := started(t, map[string]string{})
	connection, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	if _, err := io.WriteString(connection, "GET / HTTP/1.1\r\nHost: app\r\n"); err != nil {
		t.Fatal(err)
	}
	// Shutdown waits 5 s for connections that have sent nothing; this one has sent half a request.
	time.Sleep(50 * time.Millisecond)
	stop()
	time.Sleep(50 * time.Millisecond)
	if _, err := io.WriteString(connection, "\r\n"); err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(connection)
	if err != nil || !strings.HasPrefix(string(text), "HTTP/1.1 200 OK") {
		t.Errorf("the answer is %q (%v), want 200", text, err)
	}
	if err := <-done; err != nil {
		t.Errorf("run returned %v, want nil", err)
	}
}

func TestRunGivesUpOnRequestsThatDoNotEnd(t *testing.T) {
	url, stop, done := started(t, map[string]string{"SHUTDOWN_TIMEOUT": "100ms"})
	connection, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	if _, err := io.WriteString(connection, "GET / HTTP/1.1\r\nHost: app\r\n"); err != nil {
		t.Fatal(err)
	}
	time.Sleep(50 * time.Millisecond)
	stop()
	if err := <-done; err == nil || !strings.Contains(err.Error(), "cut off after 100ms") {
		t.Errorf("run returned %v, want that requests were cut off", err)
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
