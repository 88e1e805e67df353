;;; homebody-next-edit.el --- The next edit after the last ones, a TAB away  -*- lexical-binding: t -*-

;; SPDX-License-Identifier: MIT

;;; Commentary:

;; After a change, asks the server for the next one in the buffer, and shows it in place: what is removed, and
;; behind it what is added.  A key goes there and then applies it.  What no longer fits vanishes.

;;; Code:

(require 'homebody-server)

(defcustom homebody-next-edit t
  "Whether the next edit is suggested after a change."
  :type 'boolean
  :safe #'booleanp
  :group 'homebody)

(defface homebody-removed '((t :inherit diff-removed :strike-through t))
  "Face of the text that a next edit removes."
  :group 'homebody)

(defface homebody-added '((t :inherit diff-added))
  "Face of the text that a next edit adds."
  :group 'homebody)

(defconst homebody--near-lines 2
  "An edit at most this many lines from point is applied without going there.")

(defvar-local homebody--next-edit nil
  "The edit that is shown, a plist.
It has `:start', `:end', `:text', `:item', `:tick', `:hint', `:reached',
`:before' and `:after', which are the whole texts, and `:followed' if the user
has typed a part of it.")

(defvar-local homebody--next-edit-overlays nil
  "Overlays of the edit that is shown, and of its label.")

(defvar-local homebody--next-edit-asked 0
  "Number of the newest request.")

(defun homebody--next-edit-clear ()
  "Show no next edit."
  (mapc #'delete-overlay homebody--next-edit-overlays)
  (setq homebody--next-edit nil homebody--next-edit-overlays nil))

(defun homebody--next-edit-fits (edit)
  "Return whether the buffer still has the text that EDIT was made for."
  (equal (plist-get edit :tick) (buffer-chars-modified-tick)))

(defun homebody--next-edit-follow (edit)
  "Make EDIT what is left of it, if the user has typed a part of it.
Deleting a part of its old text counts as typing."
  (pcase-let* ((`(,start ,end ,_) (homebody--next-edit-words edit))
               (`(,before ,after) (list (plist-get edit :before) (plist-get edit :after)))
               (now (homebody--text))
               (typed (homebody--shared now after))
               (reached (min (max typed (homebody--shared now before)) (- (length now) (- (length before) (1- end)))))
               (rest (min (homebody--shared (reverse now) (reverse after)) (- (min (length now) (length after)) typed))))
    (when (and (not (equal now before)) (>= reached (1- start)) (string-suffix-p (substring now reached) before))
      (cl-loop for (name value) in `((:start ,(1+ typed)) (:end ,(- (1+ (length now)) rest)) (:before ,now)
                                     (:text ,(substring after typed (- (length after) rest)))
                                     (:tick ,(buffer-chars-modified-tick)) (:followed t))
               do (plist-put edit name value)))))

(defun homebody--shared (text other)
  "Return the number of characters with which TEXT and OTHER begin."
  (let ((difference (compare-strings text nil nil other nil nil)))
    (if (eq difference t) (length text) (1- (abs difference)))))

(defun homebody--next-edit-is-here (edit)
  "Return whether point is at EDIT, whose text is shown and in view."
  (let ((line (line-number-at-pos nil t))
        (first (line-number-at-pos (plist-get edit :start) t))
        (last (line-number-at-pos (plist-get edit :end) t)))
    (and (not (plist-get edit :hint))
         (<= (- first homebody--near-lines) line (+ last homebody--near-lines))
         (or noninteractive (pos-visible-in-window-p (plist-get edit :start))))))

(defun homebody--next-edit-overlay (start end &rest properties)
  "Add an overlay from START to END with PROPERTIES."
  (let ((overlay (make-overlay start end nil t nil)))
    (push overlay homebody--next-edit-overlays)
    (cl-loop for (name value) on properties by #'cddr do (overlay-put overlay name value))))

(defun homebody--next-edit-words (edit)
  "Return start, end and text of EDIT with the words that it begins and ends in."
  (save-excursion
    (pcase-let* ((`(,start ,end ,text) (mapcar (lambda (key) (plist-get edit key)) '(:start :end :text)))
                 (before (progn (goto-char start) (skip-chars-backward "[:alnum:]_") (point)))
                 (after (progn (goto-char end) (skip-chars-forward "[:alnum:]_") (point))))
      (if (or (string-search "\n" text) (= start end)) (list start end text)
        (list before after
              (concat (buffer-substring before start) text (buffer-substring end after)))))))

(defun homebody--next-edit-render ()
  "Draw the edit, and where it is if point is not there.
Draw nothing if it no longer fits."
  (when-let* ((edit homebody--next-edit))
    (mapc #'delete-overlay homebody--next-edit-overlays)
    (setq homebody--next-edit-overlays nil)
    (unless (homebody--next-edit-fits edit) (homebody--next-edit-follow edit))
    (cond
     ((or (not (homebody--next-edit-fits edit)) (region-active-p)
          (and (string-empty-p (plist-get edit :text)) (= (plist-get edit :start) (plist-get edit :end))))
      (homebody--next-edit-clear))
     (t
      (if (plist-get edit :hint)
          (homebody--next-edit-overlay
           (plist-get edit :start) (plist-get edit :start)
           'before-string (propertize "→" 'display '(left-fringe right-arrow)))
        (pcase-let ((`(,start ,end ,text) (homebody--next-edit-words edit)))
          (homebody--next-edit-overlay start end 'face 'homebody-removed
                                       'after-string (propertize text 'face 'homebody-added))))
      (unless (homebody--next-edit-is-here edit)
        (homebody--next-edit-overlay
         (pos-eol) (pos-eol) 'after-string
         (propertize (format "  TAB to line %d" (line-number-at-pos (plist-get edit :start) t)) 'face 'shadow)))))))

(defun homebody--next-edit-is-followed ()
  "Return whether the user types what is shown: nothing is asked for then."
  (and homebody--next-edit (plist-get homebody--next-edit :followed)))

(defun homebody--next-edit-ask (is-free)
  "Ask for the edit that follows the last changes; the server waits for a pause.
It is shown if IS-FREE returns non-nil then."
  (when (and homebody-next-edit (homebody--is-served))
    (homebody--sync)
    (let ((buffer (current-buffer)) (tick (buffer-chars-modified-tick))
          (number (cl-incf homebody--next-edit-asked)))
      (jsonrpc-async-request
       homebody--server :textDocument/copilotInlineEdit
       (list :textDocument (homebody--document) :position (homebody--position (point)))
       :success-fn (lambda (result)
                     (when (buffer-live-p buffer)
                       (with-current-buffer buffer
                         (when (and (= number homebody--next-edit-asked) (equal tick (buffer-chars-modified-tick)))
                           (homebody--next-edit-clear)
                           (unless (or buffer-read-only (region-active-p) (not (funcall is-free)))
                             (homebody--next-edit-show (car (append (plist-get result :edits) nil))))))))
       :error-fn #'ignore :timeout-fn #'ignore :timeout homebody--command-seconds))))

(defun homebody--next-edit-show (item)
  "Show ITEM, an edit of this buffer as the server sends it."
  (when (and item (equal (plist-get (plist-get item :textDocument) :uri) homebody--uri))
    (let* ((range (plist-get item :range)) (text (plist-get item :text))
           (start (homebody--point (plist-get range :start))) (end (homebody--point (plist-get range :end)))
           (before (homebody--text)))
      (setq homebody--next-edit
            (list :start start :end end :text text :item item :tick (buffer-chars-modified-tick)
                  :before before :after (concat (substring before 0 (1- start)) text (substring before (1- end)))
                  :hint (equal (plist-get item :show) "hint"))))
    (homebody--next-edit-render)
    (jsonrpc-notify homebody--server :textDocument/didShowInlineEdit
                    (list :item (list :command (plist-get item :command))))))

(defun homebody--next-edit-takes-tab ()
  "Return whether the key accepts an edit.
It indents if point is in front of the indentation."
  (and homebody--next-edit (homebody--next-edit-fits homebody--next-edit)
       (or (plist-get homebody--next-edit :reached) (>= (current-column) (current-indentation)))))

(defun homebody-toggle-next-edit ()
  "Turn next edits off or on again in this buffer."
  (interactive)
  (setq-local homebody-next-edit (not homebody-next-edit))
  (homebody--next-edit-clear)
  (message "Homebody: next edits are %s in this buffer." (if homebody-next-edit "on" "off")))

(defun homebody-next-edit-accept ()
  "Go to the next edit, or apply it if point is there."
  (interactive)
  (let ((edit (or homebody--next-edit (user-error "No next edit is shown"))))
    (if (homebody--next-edit-is-here edit) (homebody--next-edit-apply edit)
      (push-mark nil t)
      (goto-char (plist-get edit :start))
      (setq homebody--next-edit (plist-put (plist-put edit :hint nil) :reached t))
      (homebody--next-edit-render))))

(defun homebody--next-edit-apply (edit)
  "Make EDIT, as one step of undo, and report it."
  (homebody--next-edit-clear)
  (undo-boundary)
  (goto-char (plist-get edit :start))
  (delete-region (point) (plist-get edit :end))
  (insert (plist-get edit :text))
  (undo-boundary)
  (homebody--accepted (plist-get edit :item)))

(defun homebody-next-edit-reject ()
  "End the next edit that is shown; it does not come back."
  (interactive)
  (when homebody--next-edit
    (cl-incf homebody--next-edit-asked)
    (let ((command (plist-get (plist-get homebody--next-edit :item) :command)))
      (jsonrpc-notify homebody--server :homebody/didRejectInlineEdit
                      (list :id (aref (plist-get command :arguments) 0))))
    (homebody--next-edit-clear)))

(defun homebody--accepted (item)
  "Run the command of ITEM, which counts it as accepted."
  (when-let* ((command (plist-get item :command)))
    (homebody--execute homebody--server (plist-get command :command)
                       (aref (plist-get command :arguments) 0) #'ignore :otherwise #'ignore)))

(provide 'homebody-next-edit)
;;; homebody-next-edit.el ends here
