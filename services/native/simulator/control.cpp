#include "control.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <sstream>
#include <vector>

#include "vendor_thread.h"

namespace crsim {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kLongestRequest = 4096;
constexpr std::size_t kMostClients = 16;
constexpr milliseconds kLookLimit{2000};

// Through the folder's descriptor: a socket's own path has room for 107 bytes only.
sockaddr_un address_in(int folder, const std::string& name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", folder,
                name.c_str());
  return address;
}

int listening_socket(const std::filesystem::path& folder, const std::string& name) {
  ::unlink((folder / name).c_str());  // of a process that died; we hold the body's lock
  const int root = ::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) return -1;
  int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const sockaddr_un address = address_in(root, name);
  const bool good =
      listener >= 0 &&
      ::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      ::chmod((folder / name).c_str(), 0600) == 0 && ::listen(listener, 8) == 0;
  ::close(root);
  if (!good && listener >= 0) {
    ::close(listener);
    listener = -1;
  }
  return listener;
}

}  // namespace

Control::Control(std::filesystem::path folder, const std::string& serial,
                 const Scenarios& scenarios, const Counts& counts)
    : folder_(std::move(folder)), name_(serial + ".control"), scenarios_(scenarios),
      counts_(counts) {}

void Control::start() {
  if (thread_.joinable()) return;
  stopping_ = false;
  listener_ = listening_socket(folder_, name_);
  wake_ = ::eventfd(0, EFD_CLOEXEC);
  if (listener_ < 0 || wake_ < 0) {
    stop();
    return;
  }
  thread_ = vendor_thread([this] { serve(); });
}

void Control::stop() {
  stopping_ = true;
  if (thread_.joinable()) {
    ::eventfd_write(wake_, 1);
    thread_.join();
  }
  if (listener_ >= 0) {
    ::close(listener_);
    ::unlink((folder_ / name_).c_str());
  }
  if (wake_ >= 0) ::close(wake_);
  listener_ = wake_ = -1;
}

void Control::serve() {
  struct Client {
    int socket;
    std::string text;
  };
  std::vector<Client> clients;
  const auto serves = [this](Client& client) {
    char bytes[1024];
    const ssize_t size = ::recv(client.socket, bytes, sizeof bytes, MSG_DONTWAIT);
    if (size <= 0) return size < 0 && (errno == EAGAIN || errno == EINTR);
    client.text.append(bytes, static_cast<std::size_t>(size));
    for (std::size_t end; (end = client.text.find('\n')) != std::string::npos;) {
      bool changed = false;
      const std::string reply =
          answer(client.text.substr(0, end), scenarios_, counts_.text(), changed) + "\n";
      if (changed) wait_for_look();
      client.text.erase(0, end + 1);
      if (::send(client.socket, reply.data(), reply.size(), MSG_NOSIGNAL | MSG_DONTWAIT) !=
          static_cast<ssize_t>(reply.size())) {
        return false;
      }
    }
    return client.text.size() <= kLongestRequest;
  };
  while (!stopping_) {
    std::vector<pollfd> waiting{{wake_, POLLIN, 0}, {listener_, POLLIN, 0}};
    for (const Client& client : clients) waiting.push_back({client.socket, POLLIN, 0});
    if (::poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR) break;
    for (std::size_t i = clients.size(); i-- > 0;) {
      if (waiting[i + 2].revents == 0 || serves(clients[i])) continue;
      ::close(clients[i].socket);
      clients.erase(clients.begin() + static_cast<std::ptrdiff_t>(i));
    }
    if (waiting[1].revents == 0) continue;
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client >= 0 && clients.size() >= kMostClients) {
      ::close(client);
    } else if (client >= 0) {
      clients.push_back({client, {}});
    }
  }
  for (const Client& client : clients) ::close(client.socket);
}

std::string answer(const std::string& request, const Scenarios& scenarios,
                   const std::string& counts, bool& changed) {
  std::istringstream text(request);
  std::string verb, name;
  text >> verb >> name;
  Scenarios::Words words;
  for (std::string pair; text >> pair;) {
    const auto equals = pair.find('=');
    if (equals == std::string::npos) return "error " + pair + " is not name=value";
    words[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  if (verb == "list") {
    return "ok broken: " + scenarios.present() + "; can be broken: " + Scenarios::all();
  }
  if (verb == "count") return "ok " + counts;
  if (verb == "break") {
    if (const auto problem = scenarios.begin(name, words)) return "error " + *problem;
  } else if (verb == "heal" && name == "all") {
    scenarios.heal_all();
  } else if (verb == "heal") {
    if (const auto problem = Scenarios::check(name, {})) return "error " + *problem;
    scenarios.heal(name);
  } else {
    return "error there is no request " + verb + "; there are break, heal, list, count";
  }
  changed = true;
  return "ok";
}

void Control::wait_for_look() const {
  const unsigned before = looks_;
  const auto limit = std::chrono::steady_clock::now() + kLookLimit;
  // Two: the first may have begun before the file was there.
  while (looks_ < before + 2 && !stopping_ && std::chrono::steady_clock::now() < limit) {
    std::this_thread::sleep_for(milliseconds(5));
  }
}

}  // namespace crsim
