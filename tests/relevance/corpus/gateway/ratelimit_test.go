package gateway

import (
	"net/http/httptest"
	"testing"
	"time"
)

func TestBurstThenRefusal(t *testing.T) {
	limiter := NewLimiter(1, 3)
	now := time.Unix(1000, 0)
	for i := 0; i < 3; i++ {
		if ok, _ := limiter.Allow("a", now); !ok {
			t.Fatalf("request %d of the burst was refused", i)
		}
	}
	ok, wait := limiter.Allow("a", now)
	if ok || wait != time.Second {
		t.Fatalf("want a second of waiting, got %v %v", ok, wait)
	}
}

func TestForwardedAddressFromOutsideIsNotTrusted(t *testing.T) {
	request := httptest.NewRequest("GET", "/", nil)
	request.RemoteAddr = "203.0.113.9:4000"
	request.Header.Set("X-Forwarded-For", "198.51.100.7")
	if got := clientAddress(request); got != "203.0.113.9" {
		t.Fatalf("got %s", got)
	}
}
