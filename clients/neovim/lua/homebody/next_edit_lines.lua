-- The lines of a next edit: what changes in them, and how that is drawn.

local rpc = require("homebody.rpc")

local M = {}

-- The first row of an edit, and its old and new lines, without those that it leaves as they are.
function M.read(buf, edit)
  local range, row, last = edit.range, edit.range.start.line, edit.range["end"].line
  local old = vim.api.nvim_buf_get_lines(buf, row, last + 1, false)
  local is_within = last - row < #old
  local before = old[1] and old[1]:sub(1, rpc.byte(old[1], range.start.character)) or ""
  local after = is_within and old[#old]:sub(rpc.byte(old[#old], range["end"].character) + 1) or ""
  local new = vim.split(before .. edit.text:gsub("\r\n", "\n") .. after, "\n", { plain = true })
  if not is_within and new[#new] == "" then
    table.remove(new) -- what follows the line end of the last line
  end
  while #old > 0 and old[1] == new[1] do
    table.remove(old, 1)
    table.remove(new, 1)
    row = row + 1
  end
  while #old > 0 and old[#old] == new[#new] do
    table.remove(old)
    table.remove(new)
  end
  return { row = row, old = old, new = new }
end

-- Number of equal bytes at the beginning of two lines; a word that differs is different as a whole.
local function same(old, new, most)
  local count = 0
  local function is_word(text, at) return text:find("^[%w_\128-\255]", at) ~= nil end
  while count < most and old:byte(count + 1) == new:byte(count + 1) do
    count = count + 1
  end
  while count > 0 and is_word(old, count) and (is_word(old, count + 1) or is_word(new, count + 1)) do
    count = count - 1
  end
  return count
end

-- Bytes that stay at the beginning and at the end of a line.
local function sides(old, new)
  local first = same(old, new, math.min(#old, #new))
  return first, same(old:reverse(), new:reverse(), math.min(#old, #new) - first)
end

-- Row and byte of the first change.
function M.first(edit)
  local line = vim.api.nvim_buf_get_lines(edit.buf, edit.row, edit.row + 1, false)[1] or ""
  local is_inside = #edit.old == #edit.new and #edit.old > 0
  return edit.row, is_inside and sides(edit.old[1], edit.new[1]) or #line:match("^%s*")
end

-- Row and byte after the last change, once it is applied.
function M.last(edit)
  local old, new = edit.old[#edit.old], edit.new[#edit.new] or ""
  local after = #edit.old == #edit.new and select(2, sides(old, new)) or 0
  return edit.row + math.max(#edit.new - 1, 0), #new - after
end

-- Highlights what is removed; what is added stands behind it or below it.
function M.draw(edit, ns)
  local row, old, new = edit.row, edit.old, edit.new
  local function mark(line, column, options) vim.api.nvim_buf_set_extmark(edit.buf, ns, line, column, options) end
  if #old == #new then
    for place = 1, #old do
      local first, last = sides(old[place], new[place])
      local line, stop, text = row + place - 1, #old[place] - last, new[place]:sub(first + 1, #new[place] - last)
      mark(line, first, { end_col = stop, hl_group = "HomebodyRemoved" })
      mark(line, stop, { virt_text = { { text, "HomebodyAdded" } }, virt_text_pos = "inline" })
    end
    return
  end
  local above = row + #old - 1
  if #old > 0 then
    mark(row, 0, { end_row = row + #old, hl_group = "HomebodyRemoved", hl_eol = true, strict = false })
  end
  mark(math.max(above, 0), 0, {
    virt_lines = vim.tbl_map(function(line) return { { line == "" and " " or line, "HomebodyAdded" } } end, new),
    virt_lines_above = above < 0,
  })
end

return M
