// Package gateway stands in front of the services: it limits, balances and reports.
package gateway

import (
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

type bucket struct {
	tokens float64
	filled time.Time
}

// Limiter lets every caller make Rate requests a second, and Burst at once.
type Limiter struct {
	Rate  float64
	Burst float64

	mu      sync.Mutex
	buckets map[string]*bucket
}

func NewLimiter(rate, burst float64) *Limiter {
	return &Limiter{Rate: rate, Burst: burst, buckets: make(map[string]*bucket)}
}

// Allow takes a token from the caller's bucket. Where there is none it says how long it
// takes until there is one.
func (l *Limiter) Allow(caller string, now time.Time) (bool, time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, ok := l.buckets[caller]
	if !ok {
		b = &bucket{tokens: l.Burst, filled: now}
		l.buckets[caller] = b
	}
	b.tokens = min(l.Burst, b.tokens+now.Sub(b.filled).Seconds()*l.Rate)
	b.filled = now
	if b.tokens >= 1 {
		b.tokens--
		return true, 0
	}
	missing := (1 - b.tokens) / l.Rate
	return false, time.Duration(missing * float64(time.Second))
}

// Forget drops the buckets that have been full for a while.
func (l *Limiter) Forget(now time.Time) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	dropped := 0
	for caller, b := range l.buckets {
		if now.Sub(b.filled).Seconds()*l.Rate > 2*l.Burst {
			delete(l.buckets, caller)
			dropped++
		}
	}
	return dropped
}

func (l *Limiter) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ok, wait := l.Allow(clientAddress(r), time.Now())
		if !ok {
			seconds := int(wait.Seconds()) + 1
			w.Header().Set("Retry-After", strconv.Itoa(seconds))
			http.Error(w, "slow down", http.StatusTooManyRequests)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// clientAddress trusts X-Forwarded-For only from our own network.
func clientAddress(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	peer := net.ParseIP(host)
	forwarded := r.Header.Get("X-Forwarded-For")
	if peer == nil || !peer.IsPrivate() || forwarded == "" {
		return host
	}
	hops := strings.Split(forwarded, ",")
	return strings.TrimSpace(hops[len(hops)-1])
}
