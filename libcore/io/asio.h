// Asio as this project uses it. Only event_loop.cc and resolve.cc include this.
#pragma once

#define ASIO_STANDALONE
#define ASIO_NO_DEPRECATED

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/udp.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/steady_timer.hpp>
