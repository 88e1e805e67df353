-- A window below the code into which Markdown streams; it does not take the focus.

local config = require("homebody.config")
local messages = require("homebody.messages")
local rpc = require("homebody.rpc")

local M = {}
local links = vim.api.nvim_create_namespace("homebody-links")

vim.api.nvim_set_hl(0, "HomebodyLink", { link = "Underlined", default = true })

local function height()
  local wanted = config.options.window.height
  return math.max(3, wanted < 1 and math.floor(vim.o.lines * wanted) or wanted)
end

-- Opens a window called `name`; `keys` are its normal mode mappings. `on_close` is called when it is closed.
function M.open(name, keys, on_close)
  local self = { buf = vim.api.nvim_create_buf(false, true), name = name, text = "", lines = {}, targets = {} }
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
  vim.api.nvim_create_autocmd("BufWipeout", { buffer = self.buf, once = true, callback = function() on_close(self) end })
  M.state(self, "waiting")
  return self
end

function M.is_open(self)
  return self ~= nil and vim.api.nvim_buf_is_valid(self.buf)
end

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
  -- Do not touch the lines above, which may contain links.
  vim.bo[self.buf].modifiable = true
  vim.api.nvim_buf_set_lines(self.buf, same, -1, false, vim.list_slice(lines, same + 1))
  vim.bo[self.buf].modifiable = false
  self.lines = lines
  if follows then
    vim.api.nvim_win_set_cursor(self.win, { vim.api.nvim_buf_line_count(self.buf), 0 })
  end
end

-- Underlines the links of an answer, which follows the text `before`; `found` has their ranges and targets.
function M.link(self, before, found)
  if not M.is_open(self) then
    return
  end
  local _, above = before:gsub("\n", "")
  for _, one in ipairs(found) do
    local from, to = one.range.start, one.range["end"]
    local row = above + from.line
    local line = vim.api.nvim_buf_get_lines(self.buf, row, row + 1, false)[1] or ""
    local first, last = rpc.byte(line, from.character), rpc.byte(line, to.character)
    local mark = { end_col = last, hl_group = "HomebodyLink" }
    self.targets[vim.api.nvim_buf_set_extmark(self.buf, links, row, first, mark)] = one.target
  end
end

-- Opens the target of the link under the cursor, in the previous window.
function M.follow(self)
  local row, column = unpack(vim.api.nvim_win_get_cursor(self.win))
  local marks = vim.api.nvim_buf_get_extmarks(self.buf, links, { row - 1, 0 }, { row - 1, -1 }, { details = true })
  for _, mark in ipairs(marks) do
    if mark[3] <= column and column < mark[4].end_col then
      local uri, line = self.targets[mark[1]]:match("^([^#]*)#?L?(%d*)")
      local buf = vim.fn.bufadd(vim.uri_to_fname(uri))
      vim.bo[buf].buflisted = true
      vim.cmd.wincmd("p")
      if vim.api.nvim_get_current_win() == self.win then
        vim.cmd("aboveleft split")
      end
      vim.api.nvim_win_set_buf(0, buf)
      local last = vim.api.nvim_buf_line_count(buf)
      vim.api.nvim_win_set_cursor(0, { math.max(1, math.min(tonumber(line) or 1, last)), 0 })
      return
    end
  end
  messages.say("there is no place of the code here")
end

-- The text of the fenced code block around a line, from 1; nil outside of one.
function M.block_at(self, line)
  local from, indent
  for number, text in ipairs(vim.api.nvim_buf_get_lines(self.buf, 0, -1, false)) do
    local before = text:match("^(%s*)```")
    -- A fence that is indented much further is code, as in a docstring.
    if before and not (from and #before > indent + 3) then
      if not from then
        from, indent = number, #before
      elseif line >= from and line <= number then
        return table.concat(vim.api.nvim_buf_get_lines(self.buf, from, number - 1, false), "\n")
      else
        from = nil
      end
    end
  end
end

return M
