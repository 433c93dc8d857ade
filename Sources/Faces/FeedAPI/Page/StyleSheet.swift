import Weather

/// The look of the pages: plain, in the fonts of the machine, light or dark as the reader has it.
let styleSheet = #"""
    :root {
        color-scheme: light dark;
        --ground: #fbfcfd; --card: #ffffff; --ink: #16202b; --soft: #53606e; --line: #d8dfe6; --accent: #0b63b0;
        --accent-ink: #ffffff; --night: #e6ecf4; --temperature: #c8321f; --dew: #0f7b6c; --rain: #2f6fd0;
        --snow: #8aa4c8; --wind: #5a5f6b; --warn: #fff1d6; --warn-ink: #6b4300;
    }
    @media (prefers-color-scheme: dark) {
        :root {
            --ground: #10161d; --card: #18212b; --ink: #e8eef4; --soft: #a3b0bd; --line: #33404d; --accent: #6db3f2;
            --accent-ink: #0b1620; --night: #0a0e13; --temperature: #ff7f6b; --dew: #4fd1bd; --rain: #6aa5ff;
            --snow: #c4d6f0; --wind: #b4bcc8; --warn: #4a3408; --warn-ink: #ffe2ae;
        }
        .strip.color-navy, .mark.color-navy { fill: #5b7bd5; background: #5b7bd5; }
    }
    * { box-sizing: border-box; }
    body {
        margin: 0 auto; max-width: 72rem; padding: 1rem; background: var(--ground); color: var(--ink);
        font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
        overflow-wrap: anywhere;
    }
    h1 { font-size: 1.7rem; line-height: 1.2; margin: .5rem 0 0; }
    h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; }
    h3 { font-size: 1rem; margin: 1rem 0 .4rem; color: var(--soft); }
    h4 { font-size: 1rem; margin: 0; }
    p { margin: .4rem 0; }
    a { color: var(--accent); }
    :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
    .state, .when, footer { color: var(--soft); }
    .stale { background: var(--warn); color: var(--warn-ink); padding: .5rem .75rem; border-radius: .5rem; }
    .scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: .75rem; }
    main > .scroll { padding: .5rem; margin-top: 1rem; }
    .meteogram { display: block; min-width: 52rem; width: 100%; height: auto; font-size: 12px; }
    .meteogram text { fill: var(--soft); }
    .meteogram .day { text-anchor: middle; fill: var(--ink); font-weight: 600; font-size: 13px; }
    .meteogram .tick { text-anchor: end; }
    .meteogram .name, .meteogram .lane { fill: var(--ink); font-size: 11px; }
    .meteogram .high { text-anchor: middle; fill: var(--temperature); font-weight: 600; }
    .meteogram .low { text-anchor: middle; fill: var(--ink); }
    .meteogram .icon { text-anchor: middle; }
    .meteogram .sky { text-anchor: middle; font-size: 15px; }
    .night { fill: var(--night); }
    .midnight, .grid, .base { stroke: var(--line); fill: none; }
    .now { stroke: var(--accent); stroke-dasharray: 3 3; fill: none; }
    path.temperature, path.dew, path.wind, path.gust { fill: none; stroke-width: 2; stroke-linejoin: round; }
    path.temperature { stroke: var(--temperature); stroke-width: 2.5; }
    path.dew { stroke: var(--dew); stroke-dasharray: 5 3; }
    path.wind { stroke: var(--wind); }
    path.gust { stroke: var(--wind); stroke-width: 1; stroke-dasharray: 2 3; }
    .arrow { stroke: var(--soft); fill: none; }
    rect.rain { fill: var(--rain); }
    rect.snow { fill: var(--snow); }
    .low-uv { fill: #4c9a2a; } .moderate-uv { fill: #d6a400; } .high-uv { fill: #e06c00; }
    .very-high-uv { fill: #d1003f; } .extreme-uv { fill: #8a4bc9; }
    .strip { stroke: var(--line); }
    .meteogram a:hover .strip, .meteogram a:focus .strip { stroke: var(--ink); stroke-width: 2; }
    .legend { color: var(--soft); font-size: .85rem; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; }
    .key::before { content: ""; display: inline-block; width: 1.25rem; border-top: 3px solid; margin-right: .4rem;
        vertical-align: middle; }
    .key.temperature::before { border-color: var(--temperature); }
    .key.dew::before { border-color: var(--dew); border-top-style: dashed; }
    .key.rain::before { border-color: var(--rain); border-top-width: .6rem; width: .5rem; }
    .key.snow::before { border-color: var(--snow); border-top-width: .6rem; width: .5rem; }
    .key.wind::before { border-color: var(--wind); }
    .key.gust::before { border-color: var(--wind); border-top-style: dotted; }
    .events, .places { list-style: none; padding: 0; margin: 0; display: grid; gap: .5rem;
        grid-template-columns: repeat(auto-fill, minmax(min(100%, 21rem), 1fr)); }
    .events li { display: flex; gap: .75rem; background: var(--card); border: 1px solid var(--line);
        border-radius: .75rem; padding: .6rem .75rem; }
    .events li > div { min-width: 0; flex: 1; }
    .events li:target { border-color: var(--accent); box-shadow: 0 0 0 2px var(--accent); }
    .mark { flex: none; width: .4rem; border-radius: .2rem; }
    .when { margin: 0; font-size: .9rem; }
    .lines { font-size: .9rem; }
    details summary { cursor: pointer; color: var(--accent); padding: .25rem 0; }
    table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
    th, td { padding: .35rem .6rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
    th:first-child, th:last-child, td:last-child { text-align: left; }
    tbody tr:last-child > * { border-bottom: 0; }
    .buttons { display: flex; flex-wrap: wrap; gap: .5rem; }
    .button { display: inline-block; padding: .5rem .9rem; border: 1px solid var(--accent); border-radius: .5rem;
        background: none; color: var(--accent); font: inherit; text-decoration: none; cursor: pointer; }
    .button.main { background: var(--accent); color: var(--accent-ink); }
    .button[hidden] { display: none; }
    .subscribe { display: flex; flex-wrap: wrap; gap: 1.5rem; justify-content: space-between; }
    .subscribe > div { flex: 1 1 20rem; min-width: 0; }
    label { display: block; font-size: .9rem; color: var(--soft); }
    .copy { display: flex; gap: .5rem; }
    input { flex: 1; min-width: 0; padding: .5rem; font: inherit; color: inherit; background: var(--card);
        border: 1px solid var(--line); border-radius: .5rem; }
    .code { margin: 0; width: 10rem; text-align: center; color: var(--soft); font-size: .9rem; }
    .code svg { display: block; width: 10rem; height: 10rem; border-radius: .5rem; }
    .calendars { columns: 18rem; padding-left: 1.25rem; }
    footer { margin-top: 2rem; border-top: 1px solid var(--line); font-size: .9rem; }
    @media print { .scroll { overflow: visible; } .subscribe, .calendars { display: none; } }
    .color-none { fill: #708090; background: #708090; }

    """# + eventColors

/// A class for each colour that an event may have.
private let eventColors = EventColor.allCases.map { color -> String in
    ".color-\(color.rawValue) { fill: \(color.rawValue); background: \(color.rawValue); }\n"
}.joined()
