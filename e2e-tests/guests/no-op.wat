;; The least that a guest can do: takes the request in and accepts everything. What the policy's time is compared with.
(module
  (import "wapc" "__guest_request" (func $guest_request (param $operation i32) (param $payload i32)))
  (import "wapc" "__guest_response" (func $guest_response (param $start i32) (param $length i32)))
  (memory (export "memory") 16) ;; 1 MiB, about as much as a Rust guest starts with

  ;; One answer serves both calls: validate reads the first member, validate_settings the second.
  (data (i32.const 0) "{\"accepted\":true,\"valid\":true}")

  (func (export "__guest_call") (param $operation_length i32) (param $payload_length i32) (result i32)
    (call $guest_request (i32.const 64) (i32.const 1024))
    (call $guest_response (i32.const 0) (i32.const 30))
    (i32.const 1)))
