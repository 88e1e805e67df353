-- A window below the code into which Markdown streams; it does not take the focus.

local config = require("homebody.config")

local M = {}

local function height()
  local wanted = config.options.window.height or 0.35
  return math.max(3, wanted < 1 and math.floor(vim.o.lines * wanted) or wanted)
end

-- Opens a window called `name`; `keys` are its normal mode mappings. `on_close` is called when it is closed.
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

-- Sets the line at the top of the window: the state, and the keys.
function M.state(self, words)
  if M.is_open(self) and vim.api.nvim_win_is_valid(self.win) then
    local state = ("%s: %s"):format(self.name, words):gsub("%%", "%%%%")
    vim.wo[self.win].winbar = "%<" .. state .. "%=q close  i ask again  ga apply code"
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
  vim.bo[self.buf].modifiable = true
  vim.api.nvim_buf_set_lines(self.buf, 0, -1, false, vim.split(text, "\n", { plain = true }))
  vim.bo[self.buf].modifiable = false
  if follows then
    vim.api.nvim_win_set_cursor(self.win, { vim.api.nvim_buf_line_count(self.buf), 0 })
  end
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
