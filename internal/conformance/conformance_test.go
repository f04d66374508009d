package conformance_test

import (
	"context"
	"iter"
	"testing"

	"go.uber.org/goleak"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/conformance"
	"github.com/worktime-go/worktime/protime"
	"github.com/worktime-go/worktime/protime/protimetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestProtime(t *testing.T) {
	conformance.Run(t, conformance.Provider{Name: "protime", Links: true, Start: startProtime})
}

type protimeServer struct {
	*protimetest.Server
	seeded int
}

func (s protimeServer) Booked() int { return len(s.Clockings()) - s.seeded }

func startProtime(t *testing.T, seed conformance.Seed) conformance.Server {
	t.Helper()
	date := worktime.NewDate(2026, 1, 1)
	clockings := make([]protime.Clocking, seed.Items)
	for i := range clockings {
		clockings[i] = protime.Clocking{Person: protime.ByID(1), Date: date, TimeOfDay: protime.TimeOfDay(i)}
	}
	options := []protimetest.Option{
		protimetest.WithClockings(clockings...), protimetest.WithPageSize(seed.PageSize), protimetest.WithEmptyPages(seed.EmptyPages),
	}
	if seed.Secret != "" {
		options = append(options, protimetest.WithCredentials("client", seed.Secret))
	}
	return protimeServer{protimetest.NewServer(t, options...), seed.Items}
}

func (s protimeServer) Open(change func(*worktime.Options)) (conformance.Client, error) {
	config := s.Config()
	change(&config.Options)
	client, err := protime.NewClient(config)
	if err != nil {
		return conformance.Client{}, err
	}
	query := protime.ClockingQuery{From: worktime.NewDate(2026, 1, 1), To: worktime.NewDate(2026, 1, 31)}
	return conformance.Client{
		All: func(ctx context.Context, cursor worktime.Cursor) iter.Seq2[int64, error] {
			q := query
			q.Cursor = cursor
			return func(yield func(int64, error) bool) {
				for c, err := range client.Clockings.All(ctx, q) {
					if !yield(c.ID, err) {
						return
					}
				}
			}
		},
		Pages: func(ctx context.Context, cursor worktime.Cursor, other bool) iter.Seq2[worktime.Page[int64], error] {
			q := query
			q.Cursor = cursor
			if other {
				q.To = q.To.AddDays(1)
			}
			return func(yield func(worktime.Page[int64], error) bool) {
				for page, err := range client.Clockings.Pages(ctx, q) {
					ids := worktime.Page[int64]{Cursor: page.Cursor}
					for _, c := range page.Items {
						ids.Items = append(ids.Items, c.ID)
					}
					if !yield(ids, err) {
						return
					}
				}
			}
		},
		Get: func(ctx context.Context) error {
			_, err := client.Clockings.Get(ctx, 1)
			return err
		},
		Book: func(ctx context.Context) error {
			_, err := client.Clockings.Create(ctx, protime.NewClocking{
				Person: protime.ByID(1), Date: worktime.NewDate(2026, 2, 2), TimeOfDay: 510, Kind: protime.ClockingInOut,
			})
			return err
		},
		TokenSource: client.TokenSource, Close: client.Close,
		Shown: []any{config, &config, client, config.Options},
	}, nil
}
