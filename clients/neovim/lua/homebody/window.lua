-- A window below the code into which Markdown streams; it does not take the focus.

local config = require("homebody.config")
local messages = require("homebody.messages")
local rpc = require("homebody.rpc")

local M = {}
local marks = vim.api.nvim_create_namespace("homebody-answers")

vim.api.nvim_set_hl(0, "HomebodyLink", { link = "Underlined", default = true })

local function height()
  local wanted = config.options.window.height
  return math.max(3, wanted < 1 and math.floor(vim.o.lines * wanted) or wanted)
end

-- Opens a window called `name`; `keys` are its normal mode mappings. `on_close` is called when it is closed.
function M.open(name, keys, on_close)
  local self = { buf = vim.api.nvim_create_buf(false, true), name = name, text = "", lines = {}, parts = {} }
  vim.api.nvim_buf_set_name(self.buf, ("homebody://%s/%d"):format(name, self.buf))
  vim.bo[self.buf].filetype, vim.bo[self.buf].bufhidden, vim.bo[self.buf].modifiable = "markdown", "wipe", false
  local options = { split = "below", height = height() }
  self.win = vim.api.nvim_open_win(self.buf, false, options)
  vim.wo[self.win].wrap, vim.wo[self.win].linebreak = true, true
  vim.wo[self.win].number, vim.wo[self.win].signcolumn = false, "no"
  for key, act in pairs(keys) do
    vim.keymap.set("n", key, function() act(self) end, { buffer = self.buf, nowait = true })
  end
  vim.keymap.set("n", "q", function() M.close(self) end, { buffer = self.buf, nowait = true })
  vim.api.nvim_create_autocmd(
    "BufWipeout",
    { buffer = self.buf, once = true, callback = function() on_close(self) end }
  )
  M.state(self, "waiting")
  return self
end

function M.is_open(self) return self ~= nil and vim.api.nvim_buf_is_valid(self.buf) end

function M.close(self)
  if M.is_open(self) then
    vim.api.nvim_buf_delete(self.buf, { force = true })
  end
end

-- Sets the line at the top of the window, which shows the state and the keys.
function M.state(self, words)
  if M.is_open(self) and vim.api.nvim_win_is_valid(self.win) then
    local state = ("%s: %s"):format(self.name, words):gsub("%%", "%%%%")
    vim.wo[self.win].winbar = "%<" .. state .. "%=q close  i ask  ga apply  <CR> open"
  end
end

-- Replaces the text; the window scrolls along, unless the cursor is above the last line.
function M.write(self, text)
  if not M.is_open(self) then
    return
  end
  self.text = text
  local follows = vim.api.nvim_win_is_valid(self.win)
    and vim.api.nvim_win_get_cursor(self.win)[1] >= vim.api.nvim_buf_line_count(self.buf)
  local lines, same = vim.split(text, "\n", { plain = true }), 0
  while lines[same + 1] and lines[same + 1] == self.lines[same + 1] do
    same = same + 1
  end
  -- Do not touch the lines above, which may contain marks.
  vim.bo[self.buf].modifiable = true
  vim.api.nvim_buf_set_lines(self.buf, same, -1, false, vim.list_slice(lines, same + 1))
  vim.bo[self.buf].modifiable = false
  self.lines = lines
  if follows then
    vim.api.nvim_win_set_cursor(self.win, { vim.api.nvim_buf_line_count(self.buf), 0 })
  end
end

-- Marks parts of an answer, which follows the text `before`; each part has a range.
function M.mark(self, before, parts, highlight)
  if not M.is_open(self) then
    return
  end
  local _, above = before:gsub("\n", "")
  local function place(position)
    local row = above + position.line
    local line = vim.api.nvim_buf_get_lines(self.buf, row, row + 1, false)[1] or ""
    return row, rpc.byte(line, position.character)
  end
  for _, part in ipairs(parts) do
    local row, column = place(part.range.start)
    local end_row, end_col = place(part.range["end"])
    local mark = { end_row = end_row, end_col = end_col, hl_group = highlight, strict = false }
    self.parts[vim.api.nvim_buf_set_extmark(self.buf, marks, row, column, mark)] = part
  end
end

-- The part under the cursor that has a key: `target` for links, `block` for code.
function M.at(self, key)
  local row, column = unpack(vim.api.nvim_win_get_cursor(self.win))
  local here = { row - 1, column }
  for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(self.buf, marks, here, here, { details = true, overlap = true })) do
    local id, _, _, details = unpack(mark)
    if self.parts[id][key] and (details.end_row >= row or details.end_col > column) then
      return self.parts[id]
    end
  end
end

-- Opens the target of the link under the cursor, in the previous window.
function M.follow(self)
  local link = M.at(self, "target")
  if not link then
    return messages.say("there is no place of the code here")
  end
  local uri, line = link.target:match("^([^#]*)#?L?(%d*)")
  local buf = vim.fn.bufadd(vim.uri_to_fname(uri))
  vim.bo[buf].buflisted = true
  vim.cmd.wincmd("p")
  if vim.api.nvim_get_current_win() == self.win then
    vim.cmd("aboveleft split")
  end
  vim.api.nvim_win_set_buf(0, buf)
  local last = vim.api.nvim_buf_line_count(buf)
  vim.api.nvim_win_set_cursor(0, { math.max(1, math.min(tonumber(line) or 1, last)), 0 })
end

return M
