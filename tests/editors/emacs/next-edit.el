;;; next-edit.el --- Next edits in Emacs, by rules without a model  -*- lexical-binding: t -*-

;; Run by tests/editors/test_emacs.py in batch, after the configuration of docs/editors/emacs.md.

(transient-mark-mode)
(setq homebody-automatic nil) ; next edits work without ghost text
(defconst before-change (with-temp-buffer (insert-file-contents "calls.py") (buffer-string)))
(defun to-line (number) "Go to line NUMBER." (goto-char (point-min)) (forward-line (1- number)))
(defun line-at (number) "Return line NUMBER." (save-excursion (to-line number) (buffer-substring (pos-bol) (pos-eol))))
(defun shown () "Return the strings that overlays add to the buffer."
  (mapconcat (lambda (overlay) (or (overlay-get overlay 'after-string) ""))
             (overlays-in (point-min) (1+ (point-max)))))
(defun label () "Return whether a place to go to is shown." (string-search "TAB to line 10" (shown)))
(defun change (line) "Change the encoding in LINE by keys."
  (to-line line)
  (press "C-s l a t i n - 1 RET C-u 7 DEL u t f - 8")
  (timer-event-handler homebody--timer))
(defun begin () "Change two calls in a new copy of the text, by a new server; the third is suggested."
  (homebody-next-edit-reject)
  (when (get-file-buffer "calls.py")
    (with-current-buffer (get-file-buffer "calls.py") (set-buffer-modified-p nil) (kill-buffer)))
  (with-temp-file "calls.py" (insert before-change))
  (mapc (lambda (entry) (homebody--stop (cdr entry))) (copy-sequence homebody--servers))
  (switch-to-buffer (find-file-noselect "calls.py"))
  (wait-for "the server is ready" #'homebody--is-served)
  (change 2) (change 3)
  (wait-for "the third change is suggested" #'label))

(switch-to-buffer (find-file-noselect "calls.py"))
(begin)
(claim "it is not part of the buffer" nil (string-search "utf" (line-at 10)))
(claim "the new word stands behind the old one" t (and (string-search "utf" (shown)) t))
(claim "point stays" 3 (line-number-at-pos))

(let ((text (buffer-string)))
  (press "TAB")
  (claim "the key goes there" 10 (line-number-at-pos))
  (claim "the text is as before" text (buffer-string))
  (claim "there is no label where point is" nil (label))
  (press "TAB")
  (claim "the key again applies it" "    third = read_file(path, encoding='utf-8')" (line-at 10))
  (claim "nothing is shown afterwards" "" (shown))
  (press "C-/")
  (claim "one undo takes it back" text (buffer-string))
  (press "C-u C-SPC")
  (claim "the mark leads back" 3 (line-number-at-pos)))

(begin)
(press "<escape>")
(claim "escape ends it" "" (shown))
(press "M-> <backspace> RET")
(timer-event-handler homebody--timer)
(let ((until (+ (float-time) 2))) (while (< (float-time) until) (accept-process-output nil 0.05)))
(claim "it does not come back" "" (shown))

(begin)
(press "C-a")
(claim "in front of the indentation the key indents" nil (homebody--next-edit-takes-tab))
(press "C-SPC C-n")
(claim "a region ends it" "" (shown))
(deactivate-mark)

(begin)
(save-excursion (to-line 10) (insert "x"))
(press "C-f")
(claim "a changed text ends it" "" (shown))

(begin)
(homebody--show "ghost" (point) nil)
(claim "ghost text wins" nil (label))
(press "TAB")
(claim "the key accepts it" t (and (string-search "ghost" (line-at 3)) t))

(begin)
(let ((completion-in-region-mode t))
  (claim "an open menu keeps the key" nil (eq (key-binding (kbd "TAB")) 'homebody-next-edit-accept)))
(claim "without a menu it is the edit's" 'homebody-next-edit-accept (key-binding (kbd "TAB")))
(homebody-next-edit-reject)
(claim "without an edit the key is the user's" nil (eq (key-binding (kbd "TAB")) 'homebody-next-edit-accept))

;; With `nextEdit.enabled' = `hint', only the place is shown until point is there.
(setq homebody-settings '(:nextEdit (:enabled "hint")))
(begin)
(claim "a hint has no text" nil (string-search "utf" (shown)))
(press "TAB")
(claim "the text is shown there" t (and (string-search "utf" (shown)) t))
(press "TAB")
(claim "and applied" "    third = read_file(path, encoding='utf-8')" (line-at 10))

;; Every shape that the server sends: an insertion, a deletion, lines, a part of a line.
(pcase-dolist (`(,from ,to ,text ,expected)
               '(((1 . 0) (1 . 0) "x\n" "a\nx\nb\nc\n") ((1 . 0) (2 . 0) "" "a\nc\n")
                 ((0 . 0) (1 . 1) "x\ny" "x\ny\nc\n") ((2 . 0) (2 . 1) "z" "a\nb\nz\n") ((3 . 0) (3 . 0) "d\n" "a\nb\nc\nd\n")))
  (erase-buffer) (insert "a\nb\nc\n") (goto-char (point-min))
  (homebody--sync)
  (cl-flet ((position (place) (list :line (car place) :character (cdr place))))
    (homebody--next-edit-show
     (list :textDocument (list :uri homebody--uri) :range (list :start (position from) :end (position to))
           :text text :command '(:command "homebody.acceptNextEdit" :arguments ["x"]))))
  (press "TAB")
  (when homebody--next-edit (press "TAB"))
  (claim (format "a shape is applied: %S" text) expected (buffer-string)))

(set-buffer-modified-p nil)
(kill-buffer)
(mapc (lambda (entry) (homebody--stop (cdr entry))) (copy-sequence homebody--servers))
(message "all claims hold")
