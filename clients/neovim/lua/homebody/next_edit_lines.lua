-- The lines of a next edit: what changes in them, and how that is drawn.

local rpc = require("homebody.rpc")

local M = {}

local function slice(lines, first, last) return vim.list_slice(lines, first + 1, #lines - last) end

-- Number of lines with which all of the texts begin, and number of the other ones with which they end.
local function same_lines(texts)
  local first, last, shortest = 0, 0, math.huge
  for _, lines in ipairs(texts) do
    shortest = math.min(shortest, #lines)
  end
  local function all(line_of)
    return vim.iter(texts):all(function(lines) return line_of(lines) == line_of(texts[1]) end)
  end
  while first < shortest and all(function(lines) return lines[first + 1] end) do
    first = first + 1
  end
  while last < shortest - first and all(function(lines) return lines[#lines - last] end) do
    last = last + 1
  end
  return first, last
end

-- What changes from some lines of a buffer to others: the first row, and the old and new lines.
function M.between(lines, target)
  local row, last = same_lines({ lines, target })
  return { row = row, old = slice(lines, row, last), new = slice(target, row, last), lines = lines, target = target }
end

-- The same of an edit as the server sends it.
function M.read(buf, edit)
  local lines = vim.api.nvim_buf_get_lines(buf, 0, -1, false)
  local from, to = edit.range.start, edit.range["end"]
  local before, after = lines[from.line + 1] or "", lines[to.line + 1] or ""
  local text = before:sub(1, rpc.byte(before, from.character)) .. edit.text:gsub("\r\n", "\n")
  text = text .. after:sub(rpc.byte(after, to.character) + 1)
  local target = vim.list_slice(lines, 1, from.line)
  vim.list_extend(target, vim.split(text, "\n", { plain = true }))
  if not lines[to.line + 1] and target[#target] == "" then
    table.remove(target) -- what follows the line end of the last line
  end
  return M.between(lines, vim.list_extend(target, lines, to.line + 2))
end

-- Number of equal bytes at the beginning of two texts.
local function shared(old, new, most)
  local count = 0
  while count < most and old:byte(count + 1) == new:byte(count + 1) do
    count = count + 1
  end
  return count
end

-- The same, but not a part of a word.
local function shared_words(old, new, most)
  local count = shared(old, new, most)
  local function is_word(text, at) return text:find("^[%w_\128-\255]", at) ~= nil end
  while count > 0 and is_word(old, count) and (is_word(old, count + 1) or is_word(new, count + 1)) do
    count = count - 1
  end
  return count
end

-- Bytes that stay at the beginning and at the end of a text. A word that becomes another one changes as a whole.
local function sides(old, new)
  local most = math.min(#old, #new)
  local first = shared(old, new, most)
  local last = shared(old:reverse(), new:reverse(), most - first)
  if first + last == most then
    return first, last
  end
  first = shared_words(old, new, most)
  return first, shared_words(old:reverse(), new:reverse(), most - first)
end

-- What is left of an edit after a part of it was typed, or of its old text deleted; nil after any other change.
function M.rest(edit, now)
  local first, last = same_lines({ edit.lines, edit.target, now })
  first = math.max(first - 1, 0) -- the end of the line above is where a new line is typed
  local function text(lines) return table.concat(slice(lines, first, last), "\n") .. "\n" end
  local old, new, typed = text(edit.lines), text(edit.target), text(now)
  local head, tail = sides(old, new)
  local reached = math.max(shared(typed, new, math.min(#typed, #new)), shared(typed, old, math.min(#typed, #old)))
  reached = math.min(reached, #typed - tail)
  if typed ~= old and reached >= head and vim.endswith(old, typed:sub(reached + 1)) then
    return M.between(now, edit.target)
  end
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
