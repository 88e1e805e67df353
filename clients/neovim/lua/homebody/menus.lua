-- Completion menus of Neovim, nvim-cmp and blink.cmp. While one is open, no ghost text is shown.

local M = {}
local is_hooked = false

function M.is_open()
  if vim.fn.pumvisible() == 1 then
    return true
  end
  local cmp, blink = package.loaded["cmp"], package.loaded["blink.cmp"]
  local _, is_cmp = pcall(function() return cmp and cmp.visible() end)
  local _, is_blink = pcall(function() return blink and blink.is_menu_visible and blink.is_menu_visible() end)
  return is_cmp == true or is_blink == true
end

-- nvim-cmp reports its menu through listeners, once it is loaded; blink.cmp through User events.
function M.hook_cmp(on_open, on_close)
  local cmp = package.loaded["cmp"]
  if is_hooked or not (cmp and cmp.event) then
    return
  end
  is_hooked = true
  cmp.event:on("menu_opened", on_open)
  cmp.event:on("menu_closed", on_close)
end

return M
