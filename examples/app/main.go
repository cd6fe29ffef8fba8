// Command app is a small web service: the example that the workflows of slipway.platform build, scan, sign and release.
//
// It listens on $LISTEN_ADDRESS (":8080" by default). SIGTERM or SIGINT ends it: it tells its readiness probe first, then
// answers what it has begun, for $SHUTDOWN_TIMEOUT at most ("10s" by default).
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Stamped by the linker: -X main.version=1.2.3 -X main.commit=<hash>.
var (
	version = "0.0.0-dev"
	commit  = "unknown"
)

func main() {
	logger := slog.New(slog.NewJSONHandler(os.Stdout, nil))
	if len(os.Args) == 2 && os.Args[1] == "--version" {
		fmt.Println(version, commit)
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx, logger, os.Getenv, nil); err != nil {
		logger.Error("stopped", "error", err.Error())
		os.Exit(1)
	}
}

// run serves until ctx ends. It calls listening, if there is one, with the address once connections are accepted.
func run(ctx context.Context, logger *slog.Logger, getenv func(string) string, listening func(net.Addr)) error {
	timeout, err := shutdownTimeout(getenv("SHUTDOWN_TIMEOUT"))
	if err != nil {
		return err
	}
	address := getenv("LISTEN_ADDRESS")
	if address == "" {
		address = ":8080"
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("LISTEN_ADDRESS: %w", err)
	}
	service := newService(logger)
	service.ready.Store(true)
	context.AfterFunc(ctx, func() { service.ready.Store(false) })
	logger.Info("listening", "address", listener.Addr().String(), "version", version, "commit", commit)
	if listening != nil {
		listening(listener.Addr())
	}
	if err := serve(ctx, listener, service.handler(), timeout); err != nil {
		return err
	}
	logger.Info("stopped")
	return nil
}

// serve answers requests until ctx ends, and then what it has begun, for timeout at most.
func serve(ctx context.Context, listener net.Listener, handler http.Handler, timeout time.Duration) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       60 * time.Second,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		return fmt.Errorf("requests were cut off after %s: %w", timeout, err)
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func shutdownTimeout(text string) (time.Duration, error) {
	if text == "" {
		return 10 * time.Second, nil
	}
	timeout, err := time.ParseDuration(text)
	if err != nil || timeout <= 0 {
		return 0, fmt.Errorf("SHUTDOWN_TIMEOUT is %q; a duration above zero such as 10s is allowed", text)
	}
	return timeout, nil
}
