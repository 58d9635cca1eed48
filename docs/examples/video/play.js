"use strict";
// Three ways to show a stream of an OAK camera. S is http://HOST:PORT/cameras/MXID/streams/STREAM.

// The WebSocket S/video in a <video>: the beginning of an MP4 file, then one message a picture.
function playMediaSource(video, url) {
    const media = new MediaSource(), waiting = [];
    video.src = URL.createObjectURL(media);
    media.onsourceopen = () => {
        const buffer = media.addSourceBuffer('video/mp4; codecs="avc1.42E01E"');
        buffer.mode = "sequence"; // pictures that were missed leave no holes
        const next = () => {
            if (waiting.length && !buffer.updating) buffer.appendBuffer(waiting.shift());
        };
        buffer.onupdateend = () => {
            const there = buffer.buffered, end = there.length ? there.end(there.length - 1) : 0;
            // Live: what was shown late is not made up for.
            if (end - video.currentTime > 0.1) video.currentTime = Math.max(0, end - 0.034);
            next();
        };
        const socket = new WebSocket(url);
        socket.binaryType = "arraybuffer";
        // Every picture can be decoded by itself: a page that is slow drops some.
        socket.onmessage = (event) => { if (waiting.length < 3) waiting.push(event.data); next(); };
    };
}

// WebRTC in a <video>: one POST to S/video. `onAge` is told how old the pictures are.
function playWebRTC(video, url, onAge = () => {}) {
    const peer = new RTCPeerConnection();
    peer.addTransceiver("video", {direction: "recvonly"});
    peer.createDataChannel("events").onmessage = (event) => onAge(JSON.parse(event.data));
    peer.ontrack = (event) => {
        event.receiver.jitterBufferTarget = 0;
        video.srcObject = new MediaStream([event.track]);
    };
    peer.onicegatheringstatechange = async () => {
        if (peer.iceGatheringState !== "complete") return;
        const {sdp, type} = peer.localDescription;
        const answer = await fetch(url, {
            method: "POST", body: JSON.stringify({sdp, type}),
            headers: {"Content-Type": "application/json"}});
        await peer.setRemoteDescription(await answer.json());
    };
    peer.createOffer().then((offer) => peer.setLocalDescription(offer));
    return peer;
}

// S/mjpeg in an <img>.
function playMJPEG(image, url) {
    image.src = url;
}
