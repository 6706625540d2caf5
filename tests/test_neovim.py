"""The real Neovim with the README's lines for it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cli_runner import Home
from copies import PYTHON
from repositories import repository

README = Path(__file__).parent.parent / "README.md"

# Functions of Neovim that wait, since a script has no user who does.
SCRIPT = """
local out = {}

local function try()
  vim.cmd("edit app/store.py")
  local function ask(question)
    vim.fn.setqflist({})
    vim.lsp.buf.workspace_symbol(question)
    assert(vim.wait(60000, function() return #vim.fn.getqflist() > 0 end, 20), "no answer")
    local first = vim.fn.getqflist()[1]
    return { text = first.text, file = vim.fn.bufname(first.bufnr), line = first.lnum }
  end
  assert(vim.wait(60000, function() return #vim.lsp.buf_get_clients() > 0 end, 20), "no server")
  out.saved = ask("where is a session loaded")
  vim.cmd("buffer app/store.py")
  vim.api.nvim_buf_set_lines(0, 0, 0, false, vim.fn.readfile(COPY))
  out.unsaved = ask("parse the options of a file")
  vim.cmd("buffer app/store.py")
  assert(vim.wait(60000, function() return #vim.diagnostic.get(0) > 0 end, 20), "no finding")
  local found = vim.diagnostic.get(0)[1]
  out.finding = { message = found.message, line = found.lnum, source = found.source }
  local params = vim.lsp.util.make_range_params()
  params.range = { start = { line = found.lnum, character = found.col },
                   ["end"] = { line = found.lnum, character = found.col } }
  params.context = { diagnostics = {} }
  local answers = vim.lsp.buf_request_sync(0, "textDocument/codeAction", params, 60000)
  for _, answer in pairs(answers) do
    for _, action in ipairs(answer.result) do
      if action.edit then vim.lsp.util.apply_workspace_edit(action.edit, "utf-16") end
    end
  end
  out.comment = vim.api.nvim_buf_get_lines(0, found.lnum, found.lnum + 1, false)[1]
  assert(vim.wait(60000, function() return #vim.diagnostic.get(0) == 0 end, 20), "still there")
end

local ok, error = pcall(try)
if not ok then out.error = tostring(error) end
vim.fn.writefile({ vim.fn.json_encode(out) }, OUT)
vim.cmd("qall!")
"""


def test_neovim_asks_and_shows_findings(tmp_path: Path) -> None:
    program = shutil.which("nvim")
    if program is None:
        pytest.fail("no Neovim to try it with: apt-get install neovim")
    (lines, *_) = re.findall(r"```lua\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    assert "start_client" in lines
    repo = repository(
        tmp_path / "repo",
        {
            "app/store.py": "def load_session(key):\n    return key\n",
            "app/settings.py": PYTHON,
        },
    )
    (tmp_path / "copy.py").write_text(PYTHON.replace("load_settings", "parse_options"))
    (tmp_path / "run").mkdir(mode=0o700)
    script = tmp_path / "try.lua"
    names = f'local COPY, OUT = "{tmp_path}/copy.py", "{tmp_path}/out.json"\n'
    script.write_text(lines + names + SCRIPT)
    environment = Home(tmp_path / "home").environment(XDG_RUNTIME_DIR=str(tmp_path / "run"))
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    subprocess.run(
        [program, "--headless", "-u", "NONE", "-i", "NONE", "-n", "-c", f"luafile {script}"],
        cwd=repo, env=environment, timeout=300, check=True, capture_output=True,
    )  # fmt: skip
    out: dict[str, Any] = json.loads((tmp_path / "out.json").read_text())
    assert "error" not in out, out["error"]
    assert out["saved"]["file"].endswith("app/store.py")
    assert "load_session" in out["saved"]["text"]
    assert out["unsaved"]["line"] == 1
    assert "parse_options" in out["unsaved"]["text"]
    assert out["finding"]["source"] == "codesearch"
    assert out["finding"]["message"].startswith("'parse_options' is the same but for names")
    assert out["comment"] == "# codesearch: ignore[CS002]"
