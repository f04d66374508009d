package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// timesheetPage has examples/timesheet write its page of invented people, and returns the file.
func timesheetPage(t *testing.T, args ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "timesheet.html")
	cmd := exec.Command("go", append([]string{"run", "./examples/timesheet", "-from", "2026-06-08", "-to", "2026-06-21", "-format", "html", "-o", file}, args...)...)
	cmd.Dir = filepath.Join("..", "..")
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "PROTIME_") && !strings.HasPrefix(entry, "TIMELOG_") && !strings.HasPrefix(entry, "TIMENEYE_") {
			cmd.Env = append(cmd.Env, entry)
		}
	}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	return file
}

// window is what a page is looked at with.
type window struct {
	width, height int
	dark          bool
}

// look opens a file in Chromium, which does one thing and ends, and returns its stdout.
func (w window) look(t *testing.T, file, what string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), browserLimit)
	defer cancel()
	args := []string{
		"--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
		"--force-device-scale-factor=1", fmt.Sprintf("--window-size=%d,%d", w.width, w.height), "--user-data-dir=" + t.TempDir(), what,
	}
	if w.dark {
		args = append(args, "--blink-settings=preferredColorScheme=0")
	}
	out, err := exec.CommandContext(ctx, chromium(t), append(args, "file://"+file)...).Output()
	require.NoError(t, err)
	return string(out)
}

// screenshot returns how many pixels there are of each colour.
func (w window) screenshot(t *testing.T, file string) map[color.RGBA]int {
	t.Helper()
	shot := filepath.Join(t.TempDir(), "page.png")
	w.look(t, file, "--screenshot="+shot)
	f, err := os.Open(shot)
	require.NoError(t, err)
	defer f.Close()
	picture, err := png.Decode(f)
	require.NoError(t, err)
	require.Equal(t, []int{w.width, w.height}, []int{picture.Bounds().Dx(), picture.Bounds().Dy()})
	pixels := map[color.RGBA]int{}
	for y := range w.height {
		for x := range w.width {
			r, g, b, _ := picture.At(x, y).RGBA()
			pixels[color.RGBA{byte(r >> 8), byte(g >> 8), byte(b >> 8), 255}]++
		}
	}
	return pixels
}

// measured is what a script in a copy of a page finds out about how it is laid out.
type measured struct {
	Width   int      // of the frame
	Too     []string // what sticks out of it, or out of what it is in
	Overlap []string // texts that lie on one another
	Small   []string // texts that are too small to read
	Seen    int      // texts
}

const measure = `<script>
const texts = [...document.querySelectorAll("h1, h2, li, th, td, svg text, footer, .soft")].filter(e => e.textContent.trim() && e.getClientRects().length);
const box = e => { const r = document.createRange(); r.selectNodeContents(e); return r.getBoundingClientRect(); };
const name = e => e.tagName + " " + e.textContent.trim().slice(0, 40);
const width = document.documentElement.clientWidth;
const found = { width: innerWidth, seen: texts.length, too: [], overlap: [], small: [] };
if (document.documentElement.scrollWidth > width) found.too.push("the page is " + document.documentElement.scrollWidth + " wide");
for (const e of document.querySelectorAll(".scroll")) if (e.scrollWidth > e.clientWidth) found.too.push("a table is " + e.scrollWidth + " wide, in " + e.clientWidth);
for (const e of texts) {
  const b = box(e);
  if (b.left < 0 || b.right > width + 0.5) found.too.push(name(e));
  if (b.height < 11) found.small.push(name(e) + " " + b.height);
}
for (const selector of ["svg text", "th, td"]) {
  const boxes = texts.filter(e => e.matches(selector)).map(e => [e, box(e)]);
  boxes.forEach(([a, p], i) => boxes.slice(i + 1).forEach(([b, q]) => {
    if (p.left < q.right - 0.5 && q.left < p.right - 0.5 && p.top < q.bottom - 1 && q.top < p.bottom - 1) found.overlap.push(name(a) + " | " + name(b));
  }));
}
parent.document.getElementById(frameElement.name).textContent = JSON.stringify(found);
</script>`

// measurePages lays out copies of pages that are allowed to run a script, each in a frame of a width: a window of Chromium's
// cannot be as narrow as a phone. It returns what it found by width and page.
func measurePages(t *testing.T, widths []int, files ...string) (found map[int]map[string]measured) {
	t.Helper()
	var frames strings.Builder
	for _, file := range files {
		page, err := os.ReadFile(file)
		require.NoError(t, err)
		policy := `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`
		require.Contains(t, string(page), policy)
		text := html.EscapeString(strings.NewReplacer(policy, "", "</body>", measure+"</body>").Replace(string(page)))
		for _, width := range widths {
			name := fmt.Sprintf("%d%s", width, file)
			fmt.Fprintf(&frames, `<pre id="%s"></pre><iframe name="%s" width="%d" height="800" style="border: 0" srcdoc="%s"></iframe>`, name, name, width, text)
		}
	}
	wrapper := filepath.Join(t.TempDir(), "frames.html")
	require.NoError(t, os.WriteFile(wrapper, []byte("<!DOCTYPE html>"+frames.String()), 0o600))
	dom := window{width: 1280, height: 1000}.look(t, wrapper, "--dump-dom")
	found = map[int]map[string]measured{}
	for _, width := range widths {
		found[width] = map[string]measured{}
		for _, file := range files {
			_, rest, _ := strings.Cut(dom, fmt.Sprintf(`<pre id="%d%s">`, width, file))
			text, _, _ := strings.Cut(rest, "</pre>")
			var m measured
			require.NoError(t, json.Unmarshal([]byte(html.UnescapeString(text)), &m))
			found[width][file] = m
		}
	}
	return found
}

// The page as people see it: on a screen and on a phone, by day and by night.
func TestTimesheetPage(t *testing.T) {
	chromium(t)
	byDay, byProject := timesheetPage(t), timesheetPage(t, "-by", "project")

	light := map[string]color.RGBA{"page": {245, 246, 248, 255}, "protime": {40, 102, 204, 255}, "timelog": {224, 130, 20, 255}, "timeneye": {22, 156, 134, 255}}
	dark := map[string]color.RGBA{"page": {18, 21, 27, 255}, "protime": {110, 163, 255, 255}, "timelog": {245, 167, 66, 255}, "timeneye": {67, 199, 174, 255}}
	for name, w := range map[string]window{"wide": {1280, 1000, false}, "wide, dark": {1280, 1000, true}, "phone": {390, 844, false}, "phone, dark": {390, 844, true}} {
		t.Run(name, func(t *testing.T) {
			colours, others := light, dark
			if w.dark {
				colours, others = dark, light
			}
			pixels := w.screenshot(t, byDay)
			for what, c := range colours {
				assert.Greater(t, pixels[c], 1000, "%s is to be seen", what)
				assert.Less(t, pixels[others[what]], 100, "%s of the other scheme is not", what)
			}
			assert.Greater(t, pixels[colours["protime"]], 3*pixels[colours["timelog"]], "six people work longer than one")
			assert.Greater(t, len(pixels), 50, "there is text, with its soft edges")
		})
	}
	for width, pages := range measurePages(t, []int{1280, 390, 360}, byDay, byProject) {
		for file, m := range pages {
			t.Run(fmt.Sprintf("%d wide, by project: %t", width, file == byProject), func(t *testing.T) {
				assert.Equal(t, width, m.Width)
				assert.Greater(t, m.Seen, 50)
				assert.Empty(t, m.Too)
				assert.Empty(t, m.Overlap)
				assert.Empty(t, m.Small)
			})
		}
	}
}
