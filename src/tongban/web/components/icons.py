"""Our own icons as inline SVG paths on a 24 × 24 grid; each is decoration beside a word."""

from collections.abc import Mapping

ICONS: Mapping[str, str] = {
    "home": "M3 11 12 3l9 8v10h-6v-6H9v6H3z",
    "services": "M3 3h8v8H3zM13 3h8v8h-8zM3 13h8v8H3zM13 13h8v8h-8z",
    "messages": "M3 4h18v13H9l-5 4v-4H3z",
    "me": "M12 3a5 5 0 1 1 0 10 5 5 0 0 1 0-10zM3 21c1-5 4-7 9-7s8 2 9 7z",
    "desk": "M2 5h20v3H2zM4 9h3v11H4zM17 9h3v11h-3zM9 10h6v5H9z",
    "done": "M4 12l3-3 4 4 8-8 3 3L11 20z",
    "wait": "M12 2a10 10 0 1 1 0 20 10 10 0 0 1 0-20zm-1 5v6l5 3 1-2-4-2V7z",
    "stop": "M5 3l7 7 7-7 2 2-7 7 7 7-2 2-7-7-7 7-2-2 7-7-7-7z",
    "alert": "M12 2l11 20H1zm-1 7v6h2V9zm0 8v2h2v-2z",
    "find": "M10 2a8 8 0 0 1 6 13l6 6-2 2-6-6a8 8 0 1 1-4-15zm0 3a5 5 0 1 0 0 10 5 5 0 0 0 0-10z",
    "file": "M5 2h9l5 5v15H5zm8 1v5h5z",
    "licence": "M2 4h20v16H2zm3 4v2h8V8zm0 4v2h6v-2zm11-1a3 3 0 1 1 0 6 3 3 0 0 1 0-6z",
    "lock": "M6 10V7a6 6 0 1 1 12 0v3h2v12H4V10zm3 0h6V7a3 3 0 1 0-6 0z",
    "call": "M5 2h5l2 6-3 2a12 12 0 0 0 5 5l2-3 6 2v5c0 2-1 3-3 3C10 22 2 14 2 5c0-2 1-3 3-3z",
    "help": "M8 8a4 4 0 1 1 6 4c-1 1-1 1-1 3h-3c0-3 0-4 2-5s1-3-0-3-1 1-1 2zm2 9h3v3h-3z",
    "company": "M4 21V3h10v5h6v13zm3-15v2h4V6zm0 4v2h4v-2zm0 4v2h4v-2z",
    "baby": "M12 4a6 6 0 1 1 0 12 6 6 0 0 1 0-12zM9 9v2h2V9zm4 0v2h2V9zM5 21c1-3 3-4 7-4s6 1 7 4z",
    "elder": "M10 2a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM5 22c0-7 1-11 5-11s4 3 4 5h4v6h-2v-4h-5v4z",
}
