-- A window in which Markdown streams: below the code, without taking the focus.

local config = require("homebody.config")

local M = {}

local function height()
  local wanted = config.options.window.height or 0.35
  return math.max(3, wanted < 1 and math.floor(vim.o.lines * wanted) or wanted)
end

-- Opens, or finds again, the window of `name`. `on_close` is called when its buffer goes away.
function M.open(name, keys, on_close)
  local self = { buf = vim.api.nvim_create_buf(false, true), name = name, text = "" }
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

-- One line at the top of the window: what happens, and the keys.
function M.state(self, words)
  if M.is_open(self) and vim.api.nvim_win_is_valid(self.win) then
    local bar = ("%s: %s"):format(self.name, words):gsub("%%", "%%%%")
    vim.wo[self.win].winbar = bar .. "%<  (q closes, i asks on, ga applies the code here)"
  end
end

-- Replaces the text from the end of `before` on; the window follows, unless one reads further up.
function M.write(self, text)
  if not M.is_open(self) then
    return
  end
  self.text = text
  local follows = vim.api.nvim_win_is_valid(self.win)
    and vim.api.nvim_win_get_cursor(self.win)[1] >= vim.api.nvim_buf_line_count(self.buf)
  vim.bo[self.buf].modifiable = true
  vim.api.nvim_buf_set_lines(self.buf, 0, -1, false, vim.split(text, "\n", { plain = true }))
  vim.bo[self.buf].modifiable = false
  if follows then
    vim.api.nvim_win_set_cursor(self.win, { vim.api.nvim_buf_line_count(self.buf), 0 })
  end
end

-- The text of the fenced block around a line from 1, and which one of the window it is, from 0.
function M.block_at(self, line)
  local count, from = -1, nil
  for number, text in ipairs(vim.api.nvim_buf_get_lines(self.buf, 0, -1, false)) do
    if text:match("^%s*```") then
      if from then
        if line >= from and line <= number then
          return table.concat(vim.api.nvim_buf_get_lines(self.buf, from, number - 1, false), "\n"), count
        end
        from = nil
      else
        from, count = number, count + 1
      end
    end
  end
end

return M
