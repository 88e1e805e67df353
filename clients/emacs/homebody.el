;;; homebody.el --- Ghost text, explanations and refactorings by a local model  -*- lexical-binding: t -*-

;; Version: 0.1.0
;; Package-Requires: ((emacs "30.1"))
;; Keywords: convenience, languages, tools
;; SPDX-License-Identifier: MIT

;;; Commentary:

;; Shows suggestions of the language server `homebody lsp' as ghost text, streams
;; its answers into a buffer, and shows its changes as a diff.  Works beside eglot
;; and lsp-mode, and needs nothing but Emacs.
;;
;;   (require 'homebody)
;;   (add-hook 'prog-mode-hook #'homebody-mode)
;;   (keymap-set homebody-mode-map "C-c h" homebody-command-map)

;;; Code:

(require 'homebody-answers)
(require 'homebody-changes)
(require 'homebody-next-edit)
(require 'homebody-pages)
(require 'homebody-server)

(defcustom homebody-automatic t
  "Whether ghost text is requested while you type.
If nil, only `homebody-suggest' requests it."
  :type 'boolean
  :group 'homebody)

(defcustom homebody-delay 0.05
  "Seconds of inactivity before ghost text is requested.
The server adds a delay of its own that suits the model's speed."
  :type 'number
  :group 'homebody)

(defface homebody-ghost '((t :inherit shadow :slant italic))
  "Face of ghost text."
  :group 'homebody)

(defvar-local homebody--overlay nil
  "Overlay of the ghost text that is shown; nil without any.")

(defvar-local homebody--items nil
  "Suggestions that the server sent last, as `homebody--fitting' returns them.")

(defvar-local homebody--index 0
  "Index of the suggestion that is shown.")

(defvar-local homebody--timer nil
  "Timer of the next request.")

(defvar-local homebody--unasked nil
  "Modification tick and point of a request that came before the server was ready.")

(defvar-local homebody--state nil
  "Modification tick and point after the last command.")

;;;; Status

(defun homebody--lighter ()
  "Text for the mode line."
  (cond ((not (homebody--is-served)) (if (and homebody--server (jsonrpc-running-p homebody--server)) " Homebody…" " Homebody:off"))
        ((equal (plist-get homebody--status :kind) "Error") " Homebody:!")
        ((equal (plist-get homebody--status :kind) "Inactive") " Homebody:off")
        ((eq (plist-get homebody--status :busy) t) " Homebody…")
        (t " Homebody")))

(defun homebody-status ()
  "Show what the server reported last."
  (interactive)
  (let ((model (plist-get homebody--status :model)) (words (plist-get homebody--status :message)))
    (message "%s" (cond ((not homebody--status) "Homebody: no server is running; M-x homebody-restart starts it.")
                        ((and words (not (string-empty-p words))) words)
                        (model (format "Homebody: %s is ready." model))
                        (t "Homebody: there is no model yet.")))))

;;;; Ghost text

(defun homebody--ghost ()
  "Return the ghost text that is shown, or nil."
  (and homebody--overlay (overlay-get homebody--overlay 'homebody-text)))

(defun homebody-dismiss ()
  "Hide the ghost text."
  (interactive)
  (when homebody--overlay
    (delete-overlay homebody--overlay)
    (setq homebody--overlay nil)))

(defun homebody--show (text end item)
  "Show TEXT at point; accepting it replaces what is between point and END.
ITEM is the server's."
  (homebody-dismiss)
  (homebody--next-edit-clear)
  (unless (string-empty-p text)
    (setq homebody--overlay (make-overlay (point) end nil t nil))
    (overlay-put homebody--overlay 'homebody-item item)
    ;; Text that accepting replaces, such as a closing bracket, is part of the ghost text.
    (overlay-put homebody--overlay 'invisible t)
    (homebody--set-text text)))

(defun homebody--set-text (text)
  "Make TEXT the ghost text."
  (overlay-put homebody--overlay 'homebody-text text)
  (let ((shown (propertize text 'face 'homebody-ghost)))
    ;; The cursor stays before the ghost text.
    (put-text-property 0 1 'cursor t shown)
    (overlay-put homebody--overlay 'before-string shown)))

(defun homebody-suggest ()
  "Request ghost text at point, even if the model's confidence is low."
  (interactive)
  (homebody--server-or-error)
  (homebody--request 1 (lambda (items)
                         (homebody--receive items)
                         (unless items
                           (message "Homebody: %s"
                                    (if (member (plist-get homebody--status :kind) '("Error" "Inactive"))
                                        (plist-get homebody--status :message)
                                      "the model has nothing to suggest here."))))))

(defun homebody--menu-is-open ()
  "Return whether a completion menu is open: company's, corfu's or Emacs's own."
  (or (bound-and-true-p company-candidates) (bound-and-true-p completion-in-region-mode)))

(defun homebody--request (trigger then)
  "Request ghost text at point; TRIGGER is 1 for an explicit request, else 2.
THEN gets the suggestions that fit, unless the text or point has changed."
  (setq homebody--unasked (unless (homebody--is-served) (homebody--now)))
  (when (homebody--is-served)
    (homebody--sync)
    (let ((buffer (current-buffer)) (state (homebody--now)))
      (jsonrpc-async-request
       homebody--server :textDocument/inlineCompletion
       (list :textDocument (homebody--document) :position (homebody--position (point))
             :context (list :triggerKind trigger))
       :success-fn (lambda (result)
                     (when (buffer-live-p buffer)
                       (with-current-buffer buffer
                         (when (and (equal state (homebody--now)) (not (homebody--menu-is-open)))
                           (funcall then (homebody--fitting result))))))
       :error-fn #'ignore :timeout-fn #'ignore :timeout homebody--command-seconds))))

(defun homebody--now ()
  "Return the modification tick and point."
  (cons (buffer-chars-modified-tick) (point)))

(defun homebody--fitting (result)
  "Return the suggestions of RESULT that continue what is typed.
Each is a list: the text after point, the end of what it replaces, the item."
  (seq-keep
   (lambda (item)
     (let* ((range (plist-get item :range))
            (start (if range (homebody--point (plist-get range :start)) (point)))
            (end (if range (homebody--point (plist-get range :end)) (point)))
            (text (plist-get item :insertText)))
       (when (and (stringp text) (<= start (point) end))
         (let ((typed (buffer-substring-no-properties start (point))))
           (when (string-prefix-p typed text)
             (list (substring text (length typed)) end item))))))
   (if (vectorp result) result (plist-get result :items))))

(defun homebody--receive (items)
  "Show the first of ITEMS."
  (setq homebody--items items)
  (when items (homebody--turn-to 0)))

(defun homebody--turn-to (index)
  "Show the suggestion at INDEX; after the last one comes the first."
  (setq homebody--index (mod index (length homebody--items)))
  (apply #'homebody--show (nth homebody--index homebody--items))
  (jsonrpc-notify homebody--server :textDocument/didShowCompletion
                  (list :item (nth 2 (nth homebody--index homebody--items)))))

(defun homebody--turn (step)
  "Show another suggestion, STEP further; request more if there is only one."
  (let ((ghost (or (homebody--ghost) (user-error "No suggestion is shown"))))
    (if (and (> (length homebody--items) 1)
             (equal ghost (car (nth homebody--index homebody--items))))
        (homebody--turn-to (+ homebody--index step))
      (homebody--request
       1 (lambda (items)
           (let ((others (seq-remove (lambda (item) (equal (car item) ghost)) items)))
             (if (not others) (message "Homebody: there is no other suggestion here.")
               (setq homebody--items (cons (cons ghost (cdr (car items))) others))
               (homebody--turn-to step))))))))

(defun homebody-next ()
  "Show the next suggestion."
  (interactive)
  (homebody--turn 1))

(defun homebody-previous ()
  "Show the previous suggestion."
  (interactive)
  (homebody--turn -1))

(defun homebody--after-command ()
  "Shorten the ghost text by what was typed, or request another one."
  (let ((old homebody--state) (new (homebody--now)) (ghost (homebody--ghost)))
    (setq homebody--state new)
    (if (mouse-event-p last-command-event) (homebody--next-edit-clear) (homebody--next-edit-render))
    (unless (equal old new)
      (let ((typed (and ghost old (> (point) (cdr old)) (/= (car old) (car new))
                        (buffer-substring-no-properties (cdr old) (point)))))
        (cond
         ((and typed (string-prefix-p typed ghost) (< (length typed) (length ghost)))
          (move-overlay homebody--overlay (point) (max (point) (overlay-end homebody--overlay)))
          (homebody--set-text (substring ghost (length typed))))
         (t
          (homebody-dismiss)
          (when homebody--timer (cancel-timer homebody--timer))
          (when (and (or homebody-automatic homebody-next-edit) old (/= (car old) (car new))
                     (not (or (region-active-p) (homebody--next-edit-is-followed))))
            (setq homebody--timer
                  (run-with-idle-timer homebody-delay nil #'homebody--request-in (current-buffer))))))))))

(defun homebody--request-in (buffer)
  "Request ghost text and the next edit in BUFFER if it is still the current one."
  (when (and (eq buffer (current-buffer)) (bound-and-true-p homebody-mode)
             (not (homebody--menu-is-open)))
    (when homebody-automatic (homebody--request 2 #'homebody--receive))
    (homebody--next-edit-ask (lambda () (not (or (homebody--ghost) (homebody--menu-is-open)))))))

(defun homebody--request-again ()
  "Request the ghost text that was requested before the server was ready."
  (with-current-buffer (window-buffer)
    (when (and homebody--unasked (equal homebody--unasked (homebody--now)))
      (homebody--request-in (current-buffer)))))

(add-hook 'homebody--ready-hook #'homebody--request-again)

(defun homebody--request-found (place)
  "Request the ghost text that the server has at PLACE, if point is there."
  (with-current-buffer (window-buffer)
    (when (and (homebody--is-served) (not (homebody--ghost))
               (equal homebody--uri (plist-get (plist-get place :textDocument) :uri))
               (equal (homebody--position (point)) (plist-get place :position)))
      (homebody--request 2 #'homebody--receive))))

(add-hook 'homebody--found-hook #'homebody--request-found)

(defun homebody--take (length)
  "Insert the first LENGTH characters of the ghost text; the rest stays."
  (let* ((ghost (or (homebody--ghost) (user-error "No suggestion is shown")))
         (end (overlay-end homebody--overlay))
         (item (overlay-get homebody--overlay 'homebody-item))
         (rest (substring ghost length)))
    (homebody-dismiss)
    (undo-boundary)
    (if (string-empty-p rest)
        (progn (delete-region (point) end)
               (insert ghost)
               (homebody--accepted item))
      (let ((after (- end (point))))
        (insert (substring ghost 0 length))
        (homebody--show rest (+ (point) after) item)))
    (undo-boundary)
    (setq homebody--state (homebody--now))))

(defun homebody-accept ()
  "Insert the ghost text."
  (interactive)
  (homebody--take (length (homebody--ghost))))

(defun homebody-accept-word ()
  "Insert the next word of the ghost text."
  (interactive)
  (let ((ghost (or (homebody--ghost) "")))
    (string-match "\\`[[:space:]\n]*\\(?:\\w\\|_\\)*" ghost)
    (let ((length (match-end 0)))
      (homebody--take (if (string-blank-p (substring ghost 0 length))
                          (min (length ghost) (1+ length))
                        length)))))

(defun homebody-accept-line ()
  "Insert the next line of the ghost text."
  (interactive)
  (let* ((ghost (or (homebody--ghost) ""))
         (end (string-search "\n" ghost (if (string-prefix-p "\n" ghost) 1 0))))
    (homebody--take (or end (length ghost)))))

;;;; The mode

(defun homebody--if-shown (command &optional next-edit is-next-edit)
  "Return a key binding for COMMAND that counts only while ghost text is shown.
Without any, the binding is NEXT-EDIT if IS-NEXT-EDIT returns non-nil."
  `(menu-item "" ,command
              :filter ,(lambda (found)
                         (cond ((homebody--ghost) found)
                               ((and is-next-edit (not (homebody--menu-is-open)) (funcall is-next-edit))
                                next-edit)))))

(defun homebody--next-edit-is-shown ()
  "Return whether a next edit is shown."
  (and homebody--next-edit t))

(defvar-keymap homebody-command-map
  :doc "Commands of Homebody, for a prefix key of yours."
  "s" #'homebody-suggest
  "e" #'homebody-explain
  "a" #'homebody-ask
  "+" #'homebody-attach
  "r" #'homebody-refactor
  "i" #'homebody-edit
  "k" #'homebody-stop
  "c" #'homebody-commit-message
  "m" #'homebody-model
  "d" #'homebody-doctor
  "p" #'homebody-last-prompt)

(defvar-keymap homebody-mode-map
  :doc "Keys of `homebody-mode'; they count only while something is shown."
  "TAB" (homebody--if-shown #'homebody-accept #'homebody-next-edit-accept #'homebody--next-edit-takes-tab)
  "M-f" (homebody--if-shown #'homebody-accept-word)
  "M-e" (homebody--if-shown #'homebody-accept-line)
  "M-n" (homebody--if-shown #'homebody-next)
  "M-p" (homebody--if-shown #'homebody-previous)
  "C-g" (homebody--if-shown #'homebody-dismiss #'homebody-next-edit-reject #'homebody--next-edit-is-shown)
  "<escape>" (homebody--if-shown #'homebody-dismiss #'homebody-next-edit-reject #'homebody--next-edit-is-shown))

(defun homebody--renamed ()
  "Open this buffer under its new name."
  (homebody--detach)
  (homebody--attach))

(defconst homebody--hooks
  '((post-command-hook . homebody--after-command)
    (before-change-functions . homebody--before-change)
    (after-change-functions . homebody--after-change)
    (after-save-hook . homebody--saved)
    (kill-buffer-hook . homebody--detach)
    (change-major-mode-hook . homebody--detach)
    (after-set-visited-file-name-hook . homebody--renamed))
  "Functions that the mode puts into hooks of the buffer.")

;;;###autoload
(define-minor-mode homebody-mode
  "Show suggestions of a model on this machine as ghost text."
  :lighter (:eval (homebody--lighter))
  (pcase-dolist (`(,hook . ,function) homebody--hooks)
    (if homebody-mode (add-hook hook function nil t) (remove-hook hook function t)))
  (if homebody-mode
      (progn (setq homebody--state (homebody--now))
             (homebody--attach))
    (when homebody--timer (cancel-timer homebody--timer))
    (homebody-dismiss)
    (homebody--next-edit-clear)
    (homebody--detach)))

(provide 'homebody)
;;; homebody.el ends here
