;;; helpers.el --- What the claims are written with  -*- lexical-binding: t -*-

(defun claim (label expected actual)
  "Fail with LABEL unless EXPECTED is ACTUAL."
  (unless (equal expected actual)
    (message "FAILED %s: expected %S, got %S" label expected actual)
    (kill-emacs 1))
  (message "ok %s" label))
(defun wait-for (label found)
  "Wait until FOUND returns something; fail with LABEL after a minute."
  (let ((until (+ (float-time) 60)) value)
    (while (and (not (setq value (funcall found))) (< (float-time) until))
      (accept-process-output nil 0.02))
    (unless value (message "FAILED %s: did not happen; %S" label (buffer-string)) (kill-emacs 1))
    value))
(defun kill-server (label)
  "Kill the server of this buffer, and wait for the next one; fail with LABEL."
  (let ((before homebody--server))
    (kill-process (jsonrpc--process before))
    (wait-for label (lambda () (and (not (eq homebody--server before)) (homebody--is-served))))))
(defun press (keys) "Type KEYS." (execute-kbd-macro (kbd keys)))
