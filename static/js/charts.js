/* Draws the figures. A chart box names its kind and the <script type="application/json"> that holds its data:
     <div class="o-chart o-chart-flow" data-figure="flow" data-from="flow-data">
   Colours, type and paper sizes are read from the style sheet at draw time. Every amount that is shown comes written
   from the server (the same words as in the table), so no money is formatted here. The shapes of the data are
   described above each figure and built in dashboards/figures/. */
(() => {
  "use strict";
  const root = document.documentElement;
  const plotly = document.currentScript.dataset.plotly;
  const token = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  const alpha = (hex, a) => {
    const full = hex.length === 4 ? [...hex.slice(1)].map((digit) => digit + digit).join("") : hex.slice(1);
    const n = parseInt(full, 16);
    return `rgba(${n >> 16}, ${(n >> 8) & 255}, ${n & 255}, ${a})`;
  };
  const isDark = () => root.dataset.bsTheme === "dark";

  /* a figure's size: its box, or on paper the two numbers its class states */
  let paper = false;
  const size = (box) => {
    if (!paper) return [box.clientWidth, box.clientHeight];
    const css = getComputedStyle(box);
    return [Number(css.getPropertyValue("--o-paper-w")), Number(css.getPropertyValue("--o-paper-h"))];
  };

  /* ---- one template for every figure */
  const axisDefaults = () => ({
    showgrid: false, zeroline: false, showline: false, ticks: "", fixedrange: true, automargin: false,
    tickfont: { size: 11.5, color: token("--o-ink-3") }, gridcolor: token("--o-hair"), gridwidth: 1,
  });
  const template = () => ({
    layout: {
      font: { family: token("--o-font"), size: 12, color: token("--o-ink-2") },
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false, dragmode: false,
      hovermode: "x unified", bargap: 0.28, margin: { l: 44, r: 8, t: 8, b: 24, pad: 0 },
      hoverlabel: {
        bgcolor: token("--o-surface"), bordercolor: token("--o-rule"), align: "left", namelength: -1,
        font: { family: token("--o-font"), size: 12, color: token("--o-ink") },
      },
      xaxis: { ...axisDefaults(), spikethickness: 1, spikedash: "solid", spikecolor: token("--o-rule") },
      yaxis: { ...axisDefaults(), showgrid: true },
    },
  });
  const config = { displayModeBar: false, responsive: false, scrollZoom: false, doubleClick: false, showTips: false };
  const label = (text, at) => ({ text, showarrow: false, xref: "paper", yref: "paper", font: { size: 12 }, borderpad: 0, ...at });
  const ticks = (pairs) => ({ tickvals: pairs.map((pair) => pair[0]), ticktext: pairs.map((pair) => pair[1]) });

  /* ---- flow: {total, heads: [3], nodes: [{column, key, name, mark, value, text, share, open}],
                 links: [{source, target, value, text, share, name, fate, open}]}
     Positions are ours, so that the labels can stand in the margins as two small tables. */
  const placeNodes = (data, inner, wide, pad, thick) => {
    const columns = [0, 1, 2].map((i) => data.nodes.filter((node) => node.column === i));
    const scale = Math.min(...columns.map((column) => (inner - (column.length - 1) * pad) / data.total));
    const xs = [thick / 2 / wide, 0.46, 1 - thick / 2 / wide];
    const place = new Map();
    columns.forEach((column, i) => {
      let top = (inner - data.total * scale - (column.length - 1) * pad) / 2;
      for (const node of column) {
        const height = node.value * scale;
        place.set(node, { x: xs[i], y: (top + height / 2) / inner });
        top += height + pad;
      }
    });
    return data.nodes.map((node) => place.get(node));
  };
  const flowLabels = (data, places, margin, thick, narrow) => {
    const px = narrow ? 10.5 : 12, ink = token("--o-ink");
    const name = { size: px, color: token("--o-ink-2") }, sum = { size: px, color: ink, weight: 550 };
    const head = { font: { size: narrow ? 10 : 11.5, color: token("--o-ink-3") }, y: 1, yanchor: "bottom", yshift: 7 };
    const left = -thick / 2 - 6, pale = alpha(token("--o-surface"), 0.72);
    const labels = [
      label(data.heads[0], { ...head, x: 0, xanchor: "left", xshift: -margin.l }),
      label(data.heads[1], { ...head, x: 0.46, xanchor: "right", xshift: left }),
      label(data.heads[2], { ...head, x: 1, xanchor: "left", xshift: 10 }),
    ];
    data.nodes.forEach((node, i) => {
      const at = { y: 1 - places[i].y, yanchor: "middle" };
      if (node.column === 1)
        labels.push(label(`${node.name}  ${node.text}`, { ...at, x: places[i].x, xanchor: "right", xshift: left, font: { ...sum, weight: 500 }, bgcolor: pale, borderpad: 1 }));
      else if (node.column === 0) labels.push(
        label(node.name, { ...at, x: 0, xanchor: "left", xshift: -margin.l, font: name }),
        label(node.text, { ...at, x: 0, xanchor: "right", xshift: -10, font: sum }));
      else labels.push(
        label(node.name, { ...at, x: 1, xanchor: "left", xshift: 10, font: name }),
        label(node.text, { ...at, x: 1, xanchor: "right", xshift: margin.r, font: sum }));
    });
    return labels;
  };
  /* Plotly's sankey has no pattern for links, no pointer and no dimming: all three are added to the drawn paths */
  const dressFlow = (box, data) => {
    const paths = [...box.querySelectorAll(".sankey-link")];
    const linkOf = (path) => data.links[path.__data__?.link?.pointNumber];
    for (const path of paths) {
      const link = linkOf(path);
      if (!link) continue;
      if (link.fate === "unattributed") { path.style.fill = "url(#o-hatch)"; path.style.fillOpacity = 0.55; }
      if (link.open) path.dataset.open = link.open;
    }
    const light = (keep) => { for (const path of paths) path.classList.toggle("o-dim", Boolean(keep) && !keep(linkOf(path))); };
    box.on("plotly_hover", (event) => {
      const point = event.points[0];
      const index = point.pointNumber ?? point.index;
      if (point.source !== undefined && typeof point.source === "object") light((link) => link === data.links[index]);
      else light((link) => link && (link.source === index || link.target === index));
    });
    box.on("plotly_unhover", () => light(null));
    box.on("plotly_click", (event) => {
      const open = event.points[0].customdata?.[3];
      if (open) location.assign(open);
    });
  };
  const flow = (box, data) => {
    const [width, height] = size(box);
    const narrow = width < 800, thick = 8, pad = narrow ? 10 : 15;
    const margin = { l: narrow ? 138 : 176, r: narrow ? 142 : 176, t: 26, b: 2 };
    const places = placeNodes(data, height - margin.t - margin.b, width - margin.l - margin.r, pad, thick);
    const fate = (key) => token(`--o-f-${key}`);
    const nodeColour = [() => token("--o-ink-3"), (node) => token(`--o-team-${node.mark}`), (node) => fate(node.key)];
    const linkColour = (link) => link.fate ? alpha(fate(link.fate), isDark() ? 0.5 : 0.42) : alpha(token("--o-f-pooled"), isDark() ? 0.2 : 0.17);
    const hovertemplate = "%{customdata[0]}<br>%{customdata[1]} · %{customdata[2]}<extra></extra>";
    const { hoverlabel } = template().layout;
    const told = (thing) => [thing.name, thing.text, thing.share, thing.open || ""];
    return {
      traces: [{
        type: "sankey", arrangement: "fixed", orientation: "h", domain: { x: [0, 1], y: [0, 1] }, textfont: { size: 1, color: "rgba(0,0,0,0)" },
        node: {
          x: places.map((place) => place.x), y: places.map((place) => place.y), label: data.nodes.map(() => ""), pad, thickness: thick,
          line: { width: 0 }, color: data.nodes.map((node) => nodeColour[node.column](node)), customdata: data.nodes.map(told), hovertemplate, hoverlabel,
        },
        link: {
          source: data.links.map((link) => link.source), target: data.links.map((link) => link.target), value: data.links.map((link) => link.value),
          color: data.links.map(linkColour), customdata: data.links.map(told), hovertemplate, hoverlabel,
        },
      }],
      layout: { margin, hovermode: "closest", annotations: flowLabels(data, places, margin, thick, narrow) },
      after: () => dressFlow(box, data),
    };
  };

  /* ---- parts that time figures share */
  const runs = (values) => {                  /* stretches of known values, as [first, last] */
    const found = [];
    values.forEach((value, i) => {
      if (value === null) return;
      const last = found[found.length - 1];
      if (last && last[1] === i - 1) last[1] = i;
      else found.push([i, i]);
    });
    return found;
  };
  const band = (periods, low, high, fillcolor) => runs(low.map((value, i) => (value === null || high[i] === null ? null : value))).map(([from, to]) => {
    const x = periods.slice(from, to + 1);
    return {
      type: "scatter", mode: "lines", x: [...x, ...x.slice().reverse()], y: [...high.slice(from, to + 1), ...low.slice(from, to + 1).reverse()],
      fill: "toself", fillcolor, line: { width: from === to ? 6 : 0, color: fillcolor }, hoverinfo: "skip",
    };
  });
  const line = (periods, part, colour) => {
    const last = part.values.reduce((found, value, i) => (value === null ? found : i), -1);
    const big = (yes, no) => part.values.map((_, i) => (i === last ? yes : no));
    return {
      type: "scatter", mode: "lines+markers", cliponaxis: false, x: periods, y: part.values, line: { color: colour, width: 2 },
      marker: { size: big(8, 4), color: colour, line: { color: token("--o-surface"), width: big(2, 0) } },
      customdata: part.hover, hovertemplate: "%{customdata}<extra></extra>",
    };
  };
  const markers = (marks, small, shift) => ({
    shapes: marks.map((m) => ({ type: "line", xref: "x", yref: "paper", x0: m.x, x1: m.x, y0: 0, y1: 1, layer: "below", line: { color: token("--o-rule"), width: 1, dash: "2px,3px" } })),
    annotations: marks.map((m, i) => label(m.text, {
      xref: "x", x: m.x, y: 1, yanchor: "bottom", xanchor: small && m.x > shift / 2 ? "right" : "left", yshift: small && i % 2 ? 13 : 0,
      xshift: -2, font: { size: 11.5, color: token("--o-ink-3") },
    })),
  });
  const thinned = (periods, most) => {
    const every = Math.max(1, Math.ceil(periods.length / most));
    return periods.filter((_, i) => i % every === 0);
  };

  /* ---- trend: {periods, unit: {label, values, low, high, hover, ticks, range, end: [words], colour},
                  reference: {values, hover, end: [words]} or null,
                  spend: {label, billed, provisional, hover, ticks, range, note, note_at} or null, marks: [{x, text}]}
     Cost per outcome above, spend below, over one time axis: never two scales in one plot. */
  const spendBars = (periods, spend) => [
    { type: "bar", yaxis: "y2", x: periods, y: spend.billed, marker: { color: token("--o-bar") }, customdata: spend.hover, hovertemplate: "%{customdata}<extra></extra>" },
    { type: "bar", yaxis: "y2", x: periods, y: spend.provisional.map((value) => value || null), marker: { color: token("--o-bar-soft"), line: { color: token("--o-bar"), width: 1 } }, hoverinfo: "skip" },
  ];
  const trend = (box, data) => {
    const { periods, unit, reference, spend } = data;
    const small = size(box)[0] < 480, last = periods.length - 1;
    const colour = token(unit.colour), accent = unit.colour === "--o-accent";
    const margin = { l: 44, r: small ? 66 : reference ? 118 : 84, t: small && data.marks.length > 1 ? 36 : 22, b: 24 };
    const marks = markers(data.marks, small, last);
    const at = (values) => values.reduce((found, value, i) => (value === null ? found : i), -1);
    /* the words at the ends of two lines are pushed apart when the lines end close to each other */
    const apart = () => {
      if (!reference || at(unit.values) < 0 || at(reference.values) < 0) return 0;
      const scale = (size(box)[1] - margin.t - margin.b) / (unit.range[1] - unit.range[0]);
      const between = (unit.values[at(unit.values)] - reference.values[at(reference.values)]) * scale;
      const need = small ? 31 : 16;
      return Math.abs(between) >= need ? 0 : (between < 0 ? -1 : 1) * (need - Math.abs(between)) / 2;
    };
    const end = ({ values, end: parts }, font, yshift = 0) => at(values) < 0 ? [] : [label(parts.join(small ? "<br>" : " "), {
      xref: "x", yref: "y", x: last, y: values[at(values)], xanchor: "left", xshift: spend ? (small ? 14 : 24) : 12, yanchor: "middle", align: "left", font, yshift,
    })];
    const quiet = { size: 11.5, color: token("--o-ink-3") };
    const annotations = [
      ...marks.annotations,
      ...end(unit, { size: 12, weight: 600, color: token(accent ? "--o-accent-ink" : "--o-ink") }, apart()),
      label(unit.label, { x: 0, y: 1, xanchor: "left", yanchor: "bottom", xshift: -margin.l, yshift: small && data.marks.length ? -14 : 0, font: quiet }),
    ];
    const traces = [...band(periods, unit.low, unit.high, accent ? token("--o-band") : alpha(colour, isDark() ? 0.2 : 0.13))];
    const layout = {
      barmode: "stack", margin, shapes: marks.shapes, annotations,
      xaxis: { type: "category", categoryorder: "array", categoryarray: periods, range: spend ? [-0.55, last + 0.55] : [-0.2, last + 0.08], tickvals: thinned(periods, small ? 4 : 8) },
      yaxis: { range: unit.range, ...ticks(unit.ticks) },
    };
    if (reference) {
      traces.push({ type: "scatter", mode: "lines", x: periods, y: reference.values, line: { color: token("--o-ink-3"), width: 1.5 }, customdata: reference.hover, hovertemplate: "%{customdata}<extra></extra>" });
      annotations.push(...end(reference, { size: 12, color: token("--o-ink-3") }, -apart()));
    }
    traces.push(line(periods, unit, colour));
    if (spend) {
      traces.push(...spendBars(periods, spend));
      layout.xaxis.anchor = "y2";
      layout.yaxis.domain = [0.43, 1];
      layout.yaxis2 = { ...axisDefaults(), showgrid: true, domain: [0, 0.27], range: spend.range, ...ticks(spend.ticks) };
      annotations.push(label(spend.label, { x: 0, y: 0.295, xanchor: "left", yanchor: "bottom", xshift: -margin.l, font: quiet }));
      if (spend.note) annotations.push(label(spend.note, {
        xref: "x", yref: "y2", x: spend.note_at, y: spend.billed[spend.note_at] + spend.provisional[spend.note_at] / 2, xanchor: "left", xshift: small ? 12 : 20, yanchor: "middle", align: "left", font: { ...quiet, size: small ? 10.5 : 11.5 },
      }));
    }
    return { traces, layout };
  };

  /* ---- bars: {periods, series: [{name, values, hover}], ticks, range, marks: [{x, text}]}: stacked, at most five series;
     the key is HTML beside the chart, in the colours --o-series-1 to 5 */
  const bars = (box, data) => {
    const small = size(box)[0] < 480;
    const marks = markers(data.marks, small, data.periods.length);
    return {
      traces: data.series.map((series, i) => ({
        type: "bar", x: data.periods, y: series.values.map((value) => value || null), marker: { color: token(`--o-series-${i + 1}`) },
        customdata: series.hover, hovertemplate: "%{customdata}<extra></extra>",
      })),
      layout: {
        barmode: "relative", bargap: data.periods.length < 4 ? 0.7 : 0.4, margin: { l: 44, r: small ? 20 : 0, t: small && data.marks.length > 1 ? 36 : 22, b: 24 },
        xaxis: { type: "category", categoryorder: "array", categoryarray: data.periods, range: [-0.6, data.periods.length - 0.4], tickvals: thinned(data.periods, small ? 4 : 12) },
        yaxis: { range: data.range, ...ticks(data.ticks) },
        shapes: marks.shapes, annotations: marks.annotations,
      },
    };
  };

  /* ---- bridge: {rows: [{name, start, value, text, kind: sum, cause or rest}], ticks, range}: a waterfall that falls down
     the page, so that its names are lines of text; sums stand on zero, causes hang between them */
  const bridge = (box, data) => {
    const small = size(box)[0] < 560, margin = { l: small ? 132 : 196, r: small ? 92 : 112, t: 6, b: 24 };
    const fill = { sum: token("--o-ink-2"), cause: token("--o-bar"), rest: token("--o-warn") };
    const at = data.rows.map((_, i) => i), last = at.length - 1;
    const end = (row) => row.start + row.value;
    return {
      traces: [{
        type: "bar", orientation: "h", y: at, x: data.rows.map((row) => row.value), base: data.rows.map((row) => row.start), width: 0.56,
        marker: { color: data.rows.map((row) => fill[row.kind]) }, customdata: data.rows.map((row) => [row.name, row.text]),
        hovertemplate: "%{customdata[0]}<br>%{customdata[1]}<extra></extra>",
      }],
      layout: {
        margin, hovermode: "closest",
        xaxis: { range: data.range, showgrid: true, ...ticks(small ? data.ticks.filter((_, i) => i % 2 === 0) : data.ticks) },
        yaxis: { range: [last + 0.6, -0.6], showgrid: false, tickvals: [] },
        shapes: [
          { type: "line", xref: "x", yref: "paper", x0: 0, x1: 0, y0: 0, y1: 1, line: { color: token("--o-rule"), width: 1 } },
          ...at.slice(0, -1).map((i) => ({ type: "line", xref: "x", yref: "y", x0: end(data.rows[i]), x1: end(data.rows[i]), y0: i + 0.28, y1: i + 0.72, line: { color: token("--o-ink-3"), width: 1 } })),
        ],
        annotations: data.rows.flatMap((row, i) => {
          const font = { size: small ? 11 : 12, color: token(row.kind === "rest" ? "--o-warn" : row.kind === "sum" ? "--o-ink" : "--o-ink-2"), weight: row.kind === "sum" ? 600 : 430 };
          const place = { yref: "y", y: i, yanchor: "middle", font };
          return [label(row.name, { ...place, x: 0, xanchor: "left", xshift: -margin.l }), label(row.text, { ...place, x: 1, xanchor: "right", xshift: margin.r })];
        }),
      },
    };
  };

  /* ---- drawing, and drawing again */
  const figures = { flow, trend, bars, bridge };
  const draw = (box) => {
    const [width, height] = size(box);
    if (!width || !window.Plotly) return;
    const data = JSON.parse(document.getElementById(box.dataset.from).textContent);
    const figure = figures[box.dataset.figure](box, data);
    if (!box.dataset.drawn) box.replaceChildren();
    /* newPlot, not react: a redrawn sankey fades its links in, and paper does not wait */
    window.Plotly.newPlot(box, figure.traces, { template: template(), ...figure.layout, width, height }, config);
    box.dataset.drawn = `${width}`;
    if (figure.after) figure.after();
  };
  const boxes = () => [...document.querySelectorAll("[data-figure]")];
  const drawAll = () => boxes().forEach(draw);
  const drawNew = () => boxes().filter((box) => box.dataset.drawn !== String(size(box)[0])).forEach(draw);

  /* Plotly is by far the largest file of a page: it is fetched when a chart comes near the screen, or is to be printed */
  let fetched = null;
  const ready = () => {
    if (!boxes().length) return Promise.resolve();
    fetched ??= new Promise((done) => {
      const script = document.createElement("script");
      script.src = plotly;
      script.onload = done;
      document.head.append(script);
    });
    return Promise.all([fetched, document.fonts.ready]).then(drawNew);
  };
  const near = new IntersectionObserver((entries) => { if (entries.some((entry) => entry.isIntersecting)) ready(); }, { rootMargin: "400px" });
  const watch = () => { for (const box of boxes()) if (!box.dataset.drawn) near.observe(box); };
  window.outlayCharts = { ready };

  document.addEventListener("outlay:theme", drawAll);
  document.addEventListener("outlay:shown", ready);
  for (const arrived of ["htmx:after:swap", "htmx:after:settle"]) document.addEventListener(arrived, () => { watch(); drawNew(); });
  let timer = 0;
  addEventListener("resize", () => { clearTimeout(timer); timer = setTimeout(drawNew, 120); });

  /* paper is always light and narrower than the screen: draw for it, and back again afterwards */
  let before = null, opened = [];
  addEventListener("beforeprint", () => {
    before ??= root.dataset.bsTheme;
    paper = true;
    opened = [...document.querySelectorAll(".o-handles details:not([open])")];
    for (const details of opened) details.open = true;      /* definitions become footnotes */
    root.dataset.bsTheme = "light";
    drawAll();
  });
  addEventListener("afterprint", () => {
    paper = false;
    for (const details of opened) details.open = false;
    if (before) root.dataset.bsTheme = before;
    before = null;
    drawAll();
  });
  watch();
  /* somebody who reads on without scrolling gets the charts too, once everything else is done */
  addEventListener("load", () => setTimeout(ready, 4000));
})();
