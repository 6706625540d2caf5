package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// ErrNoUpstream is returned while every backend is out.
var ErrNoUpstream = errors.New("no healthy upstream")

type Upstream struct {
	URL     string
	healthy atomic.Bool
	active  atomic.Int64
}

// Balancer spreads requests over the backends that answer their health checks.
type Balancer struct {
	mu        sync.RWMutex
	upstreams []*Upstream
	client    *http.Client
}

func NewBalancer(urls []string) *Balancer {
	b := &Balancer{client: &http.Client{Timeout: 2 * time.Second}}
	for _, url := range urls {
		u := &Upstream{URL: url}
		u.healthy.Store(true)
		b.upstreams = append(b.upstreams, u)
	}
	return b
}

// Pick chooses the backend with the fewest requests under way.
func (b *Balancer) Pick() (*Upstream, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	var best *Upstream
	for _, u := range b.upstreams {
		if !u.healthy.Load() {
			continue
		}
		if best == nil || u.active.Load() < best.active.Load() {
			best = u
		}
	}
	if best == nil {
		return nil, ErrNoUpstream
	}
	best.active.Add(1)
	return best, nil
}

func (b *Balancer) Done(u *Upstream) {
	u.active.Add(-1)
}

func (b *Balancer) Watch(ctx context.Context, every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			b.probeAll(ctx)
		}
	}
}

func (b *Balancer) probeAll(ctx context.Context) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	var group sync.WaitGroup
	for _, u := range b.upstreams {
		group.Add(1)
		go func(u *Upstream) {
			defer group.Done()
			u.healthy.Store(b.probe(ctx, u))
		}(u)
	}
	group.Wait()
}

func (b *Balancer) probe(ctx context.Context, u *Upstream) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.URL+"/healthz", nil)
	if err != nil {
		return false
	}
	response, err := b.client.Do(request)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// Drain waits until no request is under way, or the context ends.
func (b *Balancer) Drain(ctx context.Context) error {
	for {
		var active int64
		for _, u := range b.upstreams {
			active += u.active.Load()
		}
		if active == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// StatusHandler answers with the state of every backend as JSON.
func (b *Balancer) StatusHandler(w http.ResponseWriter, _ *http.Request) {
	type row struct {
		URL     string `json:"url"`
		Healthy bool   `json:"healthy"`
		Active  int64  `json:"active"`
	}
	rows := make([]row, 0, len(b.upstreams))
	for _, u := range b.upstreams {
		rows = append(rows, row{u.URL, u.healthy.Load(), u.active.Load()})
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(rows)
}
